import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { beginOrder } from '../control.ts';
import type { FaultKind } from '../fault.ts';
import { exists } from '../process-tree.ts';
import { proofWithin } from '../proof-within.ts';
import { leaseMs } from './lease.ts';
import { measureProcess, nodeField, type ProcessTarget, resolveProcess, statusOf } from './process-node.ts';

const params = z.strictObject({
  node: nodeField,
  everyMs: z
    .int()
    .min(100)
    .max(600_000)
    .describe('killed again so long after it was killed before, ms, 100 to 600,000'),
});

export type RestartLoopParams = z.input<typeof params>;

interface LoopTarget extends ProcessTarget {
  /** Every process the node has been, and when it was found to be gone. */
  lives: Map<number, number | undefined>;
}

/** A node that comes up and goes down again. */
export const restartLoop: FaultKind<z.output<typeof params>, LoopTarget> = {
  kind: 'restart-loop',
  family: 'process',
  about: 'A node is killed, started again by its supervisor, and killed again every everyMs.',
  needs: 'a node with a supervisor',
  provenBy: 'process ids of the node that came and went',
  undoneBy: 'ending the order to the supervisor, which ends by itself 10 s after the fault should have ended',
  params,
  resolve({ node }, topology) {
    const resolved = resolveProcess(node, topology);
    if (!resolved.ok) return resolved;
    const [first, ...others] = resolved.targets;
    const looped = (target: ProcessTarget): LoopTarget => ({ ...target, lives: new Map() });
    return { ok: true, targets: [looped(first), ...others.map(looped)] };
  },
  settings: ({ everyMs }) => `killed every ${everyMs} ms`,
  undoOf: (_, { control, name }) => ({ step: 'release-node', control, node: name, order: 'restart-loop' }),
  baseline: measureProcess,

  async apply({ everyMs }, { control, name, lives }, { forMs, signal }) {
    lives.clear();
    await beginOrder(control, name, 'restart-loop', { everyMs, ttlMs: leaseMs(forMs) }, signal);
  },

  /** Two lives that have ended make a loop. Asked again, one must have ended lately. */
  async prove({ everyMs }, target, before, signal) {
    const { lives, name } = target;
    const { pid } = before.applied;
    if (pid !== undefined && !lives.has(pid)) lives.set(pid, undefined);
    return await proofWithin(
      signal,
      () => `${name} did not go down twice (pid ${[...lives.keys()].join(', ')})`,
      async () => {
        while (!signal.aborted) {
          const now = await statusOf(target, signal);
          if (now?.pid !== undefined && !lives.has(now.pid)) lives.set(now.pid, undefined);
          for (const [life, goneAtMs] of lives) {
            if (goneAtMs === undefined && !exists(life)) lives.set(life, performance.now());
          }
          const gone = [...lives].filter(([, goneAtMs]) => goneAtMs !== undefined).map(([life]) => life);
          const lastMs = Math.max(...[...lives.values()].map((goneAtMs) => goneAtMs ?? Number.NEGATIVE_INFINITY));
          if (gone.length >= 2 && performance.now() - lastMs < everyMs + RESTART_MS) {
            return {
              proven: true,
              evidence: `${name} came and went ${gone.length} times (pid ${gone.slice(-3).join(', ')})`,
            };
          }
          await sleep(20);
        }
        return undefined;
      },
    );
  },
};

/** Until it is up again a supervisor may wait a while, the longer the more often it died. */
const RESTART_MS = 10_000;
