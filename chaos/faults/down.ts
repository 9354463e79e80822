import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Baseline, Baselines, FaultKind, Proof } from '../fault.ts';
import { refuses } from '../probe.ts';
import { proofWithin } from '../proof-within.ts';
import { renewDisabled, setEnabled } from '../toxiproxy-client.ts';
import { leaseOf } from './lease.ts';
import { type LinkTarget, linkField, linkState, measureLink, resolveLink } from './link.ts';
import { othersSeen } from './link-users.ts';

const params = z.strictObject({ link: linkField });

export type DownParams = z.input<typeof params>;

/** A link is cut: open connections end, new ones are refused. */
export const down: FaultKind<z.output<typeof params>, LinkTarget> = {
  kind: 'down',
  family: 'network',
  about: 'A link is cut: open connections end, new ones are refused.',
  needs: 'a link through a fault proxy',
  provenBy: 'a refused connection, and traffic of the target itself on the link before',
  undoneBy: 'enabling the proxy; our own fault proxy does it by itself soon after the fault should have ended',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology),
  settings: () => 'refuses connections',
  undoOf: (_, { api, proxy }) => ({ step: 'enable-proxy', api, proxy }),
  baseline: (target, signal) => measureUsers(target, [target], signal),

  async apply(_, { api, proxy }, how) {
    await setEnabled(api, proxy, false, how.signal, { ttlMs: leaseOf(how) });
  },

  async renew(_, { api, proxy }, { leaseMs, signal }) {
    await renewDisabled(api, proxy, leaseMs, signal);
  },

  prove: (_, target, before, signal) => proveDown(target, before, signal),
};

/** A link before it is cut, and whether anybody uses one of these: afterwards it is too late to see. */
export async function measureUsers(
  target: LinkTarget,
  links: readonly LinkTarget[],
  signal: AbortSignal,
): Promise<Baseline> {
  const measured = await measureLink(target, signal);
  const found = new AbortController();
  const patience = AbortSignal.any([signal, found.signal, AbortSignal.timeout(LOOK_FOR_USERS_MS)]);
  const seen = await Promise.all(
    links.map(async (link) => {
      const others = await othersSeen(link, patience).catch(() => undefined);
      if (others !== undefined) found.abort();
      return others;
    }),
  );
  const others = seen.find((each) => each !== undefined);
  return others === undefined ? measured : { ...measured, others };
}

export async function proveDown(target: LinkTarget, before: Baselines, signal: AbortSignal): Promise<Proof> {
  const others = before.applied.others ?? before.armed.others;
  const carried = (before.applied.bytesBefore ?? 0) - (before.armed.bytesAfter ?? 0);
  const used = others ?? (carried > 0 ? `${carried.toLocaleString('en-US')} bytes of others` : undefined);
  const late = () => `${target.name} still accepts connections`;
  return proofWithin(signal, late, async () => {
    while (!signal.aborted) {
      const state = await linkState(target, signal);
      if (state === undefined) return { proven: false, evidence: `the proxy of ${target.name} is gone` };
      if (await refuses(state.listen, signal)) {
        const evidence = `${target.name} refuses connections`;
        if (before.proven) return { proven: true, evidence };
        if (used !== undefined) return { proven: true, evidence: `${evidence}; ${used} before` };
        return { proven: false, evidence: `${evidence}, but the link carried no traffic before` };
      }
      await sleep(100);
    }
    return undefined;
  });
}

const LOOK_FOR_USERS_MS = 700;
