import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { beginOrder } from '../control.ts';
import type { FaultKind } from '../fault.ts';
import { exists, signalTree } from '../process-tree.ts';
import { proofWithin } from '../proof-within.ts';
import { leaseMs } from './lease.ts';
import { livePid, measureProcess, nodeField, type ProcessTarget, resolveProcess, statusOf } from './process-node.ts';

const params = z.strictObject({
  node: nodeField,
  delayMs: z.int().min(100).max(600_000).describe('it is started so much later, ms, 100 to 600,000'),
});

export type SlowStartParams = z.input<typeof params>;

interface SlowTarget extends ProcessTarget {
  killedAtMs?: number;
  /** When it was first seen to have a process again. */
  backAtMs?: number;
}

/** A node crashes and takes its time to come back. */
export const slowStart: FaultKind<z.output<typeof params>, SlowTarget> = {
  kind: 'slow-start',
  family: 'process',
  about:
    'A node is killed once, and is started delayMs later than it would be; so is every other start of it meanwhile.',
  needs: 'a node with a supervisor',
  provenBy: 'the time for which the node had no process, beyond what a restart takes',
  undoneBy: 'ending the order to the supervisor, which ends by itself 10 s after the fault should have ended',
  params,
  resolve: ({ node }, topology) => resolveProcess(node, topology),
  settings: ({ delayMs }) => `started ${delayMs} ms later`,
  undoOf: (_, { control, name }) => ({ step: 'release-node', control, node: name, order: 'slow-start' }),
  baseline: measureProcess,

  async apply({ delayMs }, target, { forMs, signal }) {
    await beginOrder(target.control, target.name, 'slow-start', { delayMs, ttlMs: leaseMs(forMs) }, signal);
    signalTree(await livePid(target, signal), 'SIGKILL');
    target.killedAtMs = performance.now();
    delete target.backAtMs;
  },

  lasts: () => false,

  async prove({ delayMs }, target, before, signal) {
    const { name } = target;
    const { pid } = before.applied;
    let seen = `${name} (pid ${pid}) still runs`;
    return await proofWithin(
      signal,
      () => seen,
      async () => {
        while (!signal.aborted) {
          const now = await statusOf(target, signal);
          const gone = pid !== undefined && !exists(pid) && target.killedAtMs !== undefined;
          if (gone) {
            // Its supervisor may not know yet that it has gone.
            if (now?.pid !== undefined && now.pid !== pid) target.backAtMs ??= performance.now();
            const forMs = Math.round((target.backAtMs ?? performance.now()) - (target.killedAtMs ?? 0));
            const back = target.backAtMs === undefined ? 'and still is' : `and then came back (pid ${now?.pid})`;
            seen = `${name} (pid ${pid}) was gone for ${forMs} ms ${back}`;
            const enoughMs = target.backAtMs === undefined ? Math.min(delayMs, ENOUGH_MS) : delayMs;
            if (forMs >= enoughMs) return { proven: true, evidence: seen };
            if (target.backAtMs !== undefined) {
              return { proven: false, evidence: `${seen}: not ${delayMs} ms later than usual` };
            }
          }
          await sleep(20);
        }
        return undefined;
      },
    );
  },
};

/** Nobody has to wait for a proof longer than this: a supervisor that starts it at once has done so by then. */
const ENOUGH_MS = 2_000;
