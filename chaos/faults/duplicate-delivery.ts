import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FaultKind } from '../fault.ts';
import { beginHook } from '../fault-hooks.ts';
import { type Counter, counted } from '../metrics-page.ts';
import { proofWithin } from '../proof-within.ts';
import { hookUndoneBy, undoOfHook } from './hooked.ts';
import { leaseMs } from './lease.ts';
import { type HookedTarget, resolveHooked } from './process-node.ts';

const params = z.strictObject({
  broker: z.string().min(1).default('broker').describe('the broker, as the topology names it; broker unless told'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('share of messages delivered twice, above 0 up to 1; all unless told'),
});

export type DuplicateDeliveryParams = z.input<typeof params>;

/** Messages that a worker has worked on and acknowledged are delivered once more: who is not idempotent does things twice. */
export const duplicateDelivery: FaultKind<z.output<typeof params>, HookedTarget> = {
  kind: 'duplicate-delivery',
  family: 'data',
  about: 'Messages that were worked on and acknowledged are delivered once more.',
  needs: "the reference shop's broker",
  provenBy: "the broker's own count of messages delivered again",
  undoneBy: hookUndoneBy,
  params,

  resolve: ({ broker }, topology) => resolveHooked(broker, topology, 'duplicates'),
  settings: ({ share }) => (share < 1 ? `${Math.round(share * 1_000) / 10} % of messages` : 'every message'),
  undoOf: undoOfHook('duplicate-delivery'),
  baseline: async ({ ops }, signal) => ({ count: await counted(redeliveries(ops), signal) }),
  apply: ({ share }, { hooks }, { forMs, signal }) =>
    beginHook(hooks, 'duplicate-delivery', { share, ttlMs: leaseMs(forMs) }, signal),

  lasts: () => false,

  async prove(_, { name, ops }, { applied }, signal) {
    // Asked again while it lasts, it must still go on.
    const from = Math.max(applied.count ?? 0, await counted(redeliveries(ops), signal).catch(() => 0));
    const before = applied.count ?? 0;
    return proofWithin(
      signal,
      () => `${name} delivered no message twice`,
      async () => {
        while (!signal.aborted) {
          const now = await counted(redeliveries(ops), signal);
          if (now > from) {
            return {
              proven: true,
              evidence: `${name} has delivered ${(now - before).toLocaleString('en-US')} messages again`,
            };
          }
          await sleep(LOOK_MS);
        }
        return undefined;
      },
    );
  },
};

function redeliveries(ops: string): Counter {
  return { page: new URL('/metrics', ops).href, series: 'queue_redeliveries_total' };
}

const LOOK_MS = 100;
