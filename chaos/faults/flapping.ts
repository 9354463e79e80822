import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FaultKind } from '../fault.ts';
import { refuses } from '../probe.ts';
import { proofWithin } from '../proof-within.ts';
import { showMs } from '../show.ts';
import { addToxic, proxyState, setEnabled } from '../toxiproxy-client.ts';
import { leaseMs } from './lease.ts';
import { type LinkTarget, linkField, linkState, measureLink, resolveLink } from './link.ts';
import { othersSeen } from './link-users.ts';

const params = z.strictObject({
  link: linkField,
  downMs: z
    .number()
    .int()
    .min(100)
    .max(3_000)
    .default(1_000)
    .describe('down for so long, ms, 100 to 3,000; 1,000 unless told'),
  upMs: z
    .number()
    .int()
    .min(100)
    .max(3_000)
    .default(1_000)
    .describe('then up for so long, ms, 100 to 3,000; 1,000 unless told'),
});

export type FlappingParams = z.input<typeof params>;

/**
 * A link goes down and comes up again, over and over. Whoever flaps it looks before each turn for a mark on the proxy, a
 * toxic that hits nobody: taking the mark away ends the flapping, from any process.
 */
export const flapping: FaultKind<z.output<typeof params>, LinkTarget> = {
  kind: 'flapping',
  family: 'network',
  about: 'A link is cut and comes back, over and over.',
  needs: 'a link through a fault proxy',
  provenBy: 'a connection that is refused and later accepted, and traffic of the target itself on the link',
  undoneBy: 'taking its mark from the proxy, which ends the flapping, and enabling the proxy',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology),
  settings: ({ downMs, upMs }) => `${downMs.toLocaleString('en-US')} ms down, ${upMs.toLocaleString('en-US')} ms up`,
  undoOf: (_, { api, proxy }, id) => ({ step: 'stop-flapping', api, proxy, mark: id }),
  baseline: measureLink,

  async apply({ downMs, upMs }, { api, proxy }, { id, forMs, signal }) {
    const ttlMs = leaseMs(forMs);
    const nobody = { type: 'latency', stream: 'upstream', toxicity: 0, attributes: { latency: 0, jitter: 0 } } as const;
    await addToxic(api, proxy, { name: id, ...nobody, ttlMs }, signal);
    // Errors end it: a proxy that is gone, or does not answer, is not flapped any more.
    flap({ api, proxy, mark: id, downMs, upMs, untilMs: performance.now() + ttlMs }).catch(() => {});
  },

  async prove({ downMs, upMs }, target, { proven }, signal) {
    let refusedMs: number | undefined;
    const startMs = performance.now();
    const late = () => {
      const how = refusedMs === undefined ? 'accepted every connection' : 'never accepted connections again';
      return `${target.name} ${how} for ${showMs(performance.now() - startMs)}`;
    };
    return proofWithin(signal, late, async () => {
      while (!signal.aborted) {
        const state = await linkState(target, signal);
        if (state === undefined) return { proven: false, evidence: `the proxy of ${target.name} is gone` };
        const refused = await refuses(state.listen, signal).catch(() => undefined);
        if (refused === true) refusedMs ??= performance.now();
        if (refused === false && refusedMs !== undefined) {
          const downFor = showMs(performance.now() - refusedMs);
          const evidence = `${target.name} refused connections for about ${downFor}, then accepted them`;
          if (proven) return { proven, evidence };
          const others = await othersSeen(target, signal);
          if (others !== undefined) return { proven: true, evidence: `${evidence}; ${others} meanwhile` };
          return { proven: false, evidence: `${evidence}, but the link carries no traffic` };
        }
        await sleep(Math.min(downMs, upMs) / 5);
      }
      return undefined;
    });
  },
};

interface Flap {
  api: string;
  proxy: string;
  mark: string;
  downMs: number;
  upMs: number;
  untilMs: number;
}

async function flap({ api, proxy, mark, downMs, upMs, untilMs }: Flap): Promise<void> {
  const soon = () => AbortSignal.timeout(CALL_MS);
  const marked = async () =>
    performance.now() < untilMs &&
    ((await proxyState(api, proxy, soon()))?.toxics.some(({ name }) => name === mark) ?? false);
  while (await marked()) {
    await setEnabled(api, proxy, false, soon(), { ttlMs: downMs + LEASE_MARGIN_MS });
    // It may have been undone between the look and the turn.
    const stillOurs = await marked();
    if (stillOurs) await sleep(downMs);
    await setEnabled(api, proxy, true, soon());
    if (stillOurs) await sleep(upMs);
  }
}

const CALL_MS = 2_000;
const LEASE_MARGIN_MS = 2_000;
