import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type NodeStatus, terminate as orderToEnd } from '../control.ts';
import type { FaultKind } from '../fault.ts';
import { exists } from '../process-tree.ts';
import { proofWithin } from '../proof-within.ts';
import { leaseMs } from './lease.ts';
import { measureProcess, nodeField, type ProcessTarget, resolveProcess, statusOf } from './process-node.ts';

const params = z.strictObject({
  node: nodeField,
  graceMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(10_000)
    .describe('time to end in good order before it is killed, ms, up to 600,000; 10,000 unless told'),
});

export type TerminateParams = z.input<typeof params>;

/** A node is asked to end, as by a rolling update; it stays dead until the fault ends. */
export const terminate: FaultKind<z.output<typeof params>, ProcessTarget> = {
  kind: 'terminate',
  family: 'process',
  about:
    'A node is asked to end (SIGTERM, or the signal its program takes for an orderly end), and killed when it has not within graceMs. It stays dead until the fault ends.',
  needs: 'a node with a supervisor',
  provenBy: 'the process id gone from the machine; how it ended, by itself or killed, is part of the proof',
  undoneBy: 'letting the supervisor start it again, at the latest 10 s after the fault should have ended',
  params,
  resolve: ({ node }, topology) => resolveProcess(node, topology),
  settings: ({ graceMs }) => `asked to end, killed after ${graceMs} ms`,
  undoOf: (_, { control, name }) => ({ step: 'release-node', control, node: name }),
  baseline: measureProcess,
  apply: ({ graceMs }, { control, name }, { forMs, signal }) =>
    orderToEnd(control, name, { graceMs, ttlMs: leaseMs(forMs) }, signal),

  async prove({ graceMs }, target, before, signal) {
    const { pid } = before.applied;
    const late = () => `${target.name} (pid ${pid}) still runs`;
    return await proofWithin(signal, late, async () => {
      while (!signal.aborted && pid !== undefined) {
        const now = await statusOf(target, signal);
        if (!exists(pid) && now?.pid !== pid) {
          return { proven: true, evidence: `${target.name} (pid ${pid}) is gone: it ${ending(now, graceMs)}` };
        }
        await sleep(20);
      }
      return undefined;
    });
  },
};

function ending(status: NodeStatus | undefined, graceMs: number): string {
  const { lastExit } = status ?? {};
  if (lastExit === undefined) return 'ended, nobody knows how';
  if (lastExit.code !== null) return `ended by itself, exit code ${lastExit.code}`;
  if (lastExit.signal === 'SIGKILL') return `had not ended ${graceMs} ms later, and was killed`;
  return `did nothing about ${lastExit.signal} and was ended by it`;
}
