import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { exchange } from '../exchange.ts';
import type { FaultKind } from '../fault.ts';
import { beginHook } from '../fault-hooks.ts';
import { proofWithin } from '../proof-within.ts';
import { hookNeeds, hookUndoneBy, opsAddress, undoOfHook } from './hooked.ts';
import { leaseMs } from './lease.ts';
import { type HookedTarget, livePid, measureProcess, nodeField, resolveHooked } from './process-node.ts';

const params = z.strictObject({
  node: nodeField,
  leave: z.int().min(0).max(1_000).default(0).describe('file descriptors left free, 0 to 1,000; none unless told'),
});

export type FdExhaustionParams = z.input<typeof params>;

/** A node has run out of file descriptors: it can take no new connection and open none. */
export const fdExhaustion: FaultKind<z.output<typeof params>, HookedTarget> = {
  kind: 'fd-exhaustion',
  family: 'process',
  about: 'A node runs out of file descriptors: connections it has go on, new ones fail, to it and from it.',
  needs: hookNeeds,
  provenBy: 'new connections that are closed without an answer, while the process lives',
  undoneBy: hookUndoneBy,
  params,
  resolve: ({ node }, topology) => resolveHooked(node, topology, 'descriptors'),
  settings: ({ leave }) => `${leave} descriptors left`,
  undoOf: undoOfHook('descriptors'),
  baseline: measureProcess,
  apply: ({ leave }, { hooks }, { forMs, signal }) =>
    beginHook(hooks, 'descriptors', { leave, ttlMs: leaseMs(forMs) }, signal),

  /** One connection more than are left are opened at once: the last of them must fail. */
  async prove({ leave }, target, before, signal) {
    let seen = `${target.name} was not asked`;
    return await proofWithin(
      signal,
      () => seen,
      async () => {
        while (!signal.aborted) {
          const pid = await livePid(target, signal);
          if (pid !== before.applied.pid) {
            return {
              proven: false,
              evidence: `${target.name} is not the process it was (pid ${before.applied.pid}, now ${pid})`,
            };
          }
          const ops = { address: opsAddress(target), protocol: 'http' } as const;
          const asking = Array.from({ length: leave + 3 }, () => exchange(ops, SMALL_QUESTION, signal));
          const failed = (await Promise.all(asking)).filter(({ ended }) => ended !== 'answered').length;
          seen = `${target.name} (pid ${pid}) left ${failed} of ${asking.length} new connections without an answer`;
          if (failed >= 2) return { proven: true, evidence: seen };
          await sleep(50);
        }
        return undefined;
      },
    );
  },
};

const SMALL_QUESTION = { bytes: 0, stream: 'downstream', quietMs: 1_000 } as const;
