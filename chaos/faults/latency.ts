import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FaultKind } from '../fault.ts';
import { roundTrip } from '../probe.ts';
import { addToxic } from '../toxiproxy-client.ts';
import { type LinkTarget, linkField, linkState, measureLink, resolveLink, trafficSeen } from './link.ts';

const params = z.strictObject({
  link: linkField,
  latencyMs: z.number().positive().max(600_000).describe('delay of every answer, ms, up to 600,000'),
  jitterMs: z.number().nonnegative().max(600_000).default(0).describe('give or take so much, ms; 0 unless told'),
});

export type LatencyParams = z.input<typeof params>;

/** Answers over a link take longer: every chunk is held for latencyMs, give or take jitterMs. */
export const latency: FaultKind<z.output<typeof params>, LinkTarget> = {
  kind: 'latency',
  family: 'network',
  about: 'Answers over a link are delayed by latencyMs, give or take jitterMs.',
  needs: 'a link through a fault proxy',
  provenBy: 'a timed round trip through the link, and bytes of the target itself passing over it meanwhile',
  undoneBy: 'removing the toxic',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology, 'latency'),
  settings: ({ latencyMs, jitterMs }) => `${latencyMs} ms${jitterMs > 0 ? `, jitter ${jitterMs} ms` : ''}`,
  undoOf: (_, { api, proxy }, id) => ({ step: 'remove-toxic', api, proxy, toxic: id }),
  baseline: measureLink,

  apply: ({ latencyMs, jitterMs }, { api, proxy }, { id, signal }) =>
    addToxic(
      api,
      proxy,
      { name: id, type: 'latency', stream: 'downstream', attributes: { latency: latencyMs, jitter: jitterMs } },
      signal,
    ),

  async prove({ latencyMs, jitterMs }, target, before, signal) {
    // Half of the least delay promised: far above noise, and safe from the rounding of timers.
    const atLeastMs = (before.applied.roundTripMs ?? 0) + Math.max(latencyMs - jitterMs, latencyMs / 2) / 2;
    const took = `took ${format(before.applied.roundTripMs)} before`;
    let lastMs: number | undefined;
    while (!signal.aborted) {
      const state = await linkState(target, signal);
      lastMs = state && (await roundTrip(state.listen, target.protocol, signal).catch(() => undefined));
      if (lastMs === undefined || lastMs < atLeastMs) {
        await sleep(200);
        continue;
      }
      const bytes = await trafficSeen(target, signal);
      const evidence = `${target.name} takes ${format(lastMs)}, ${took}`;
      if (bytes === 0)
        return { proven: false, evidence: `${evidence}, but nobody sent a byte over it: the link carries no traffic` };
      return { proven: true, evidence };
    }
    return {
      proven: false,
      evidence: `${target.name} takes ${format(lastMs)}, ${took}: no delay of ${latencyMs} ms was seen`,
    };
  },
};

function format(ms: number | undefined): string {
  return ms === undefined ? 'no measurable time' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
