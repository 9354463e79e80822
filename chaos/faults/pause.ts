import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { beginOrder } from '../control.ts';
import { exchange } from '../exchange.ts';
import type { FaultKind } from '../fault.ts';
import { markOf } from '../process-mark.ts';
import { treeOf } from '../process-tree.ts';
import { proofWithin } from '../proof-within.ts';
import { leaseMs } from './lease.ts';
import { measureProcess, nodeField, type ProcessTarget, resolveProcess, statusOf } from './process-node.ts';

const params = z.strictObject({ node: nodeField });

export type PauseParams = z.input<typeof params>;
export type PauseSettings = z.output<typeof params>;

/** A node is there and does nothing: connections stay open, new ones are accepted, nobody answers. */
export const pause: FaultKind<z.output<typeof params>, ProcessTarget> = {
  kind: 'pause',
  family: 'process',
  about:
    'All processes of a node are stopped where they are (SIGSTOP): connections stay open and new ones are accepted, but nobody answers.',
  needs: 'a node with a supervisor',
  provenBy: 'the state of every process of the node, and a new connection that is accepted and gets no answer',
  undoneBy: 'SIGCONT to all of them by the supervisor, at the latest 10 s after the fault should have ended',
  params,
  resolve: ({ node }, topology) => resolveProcess(node, topology),
  settings: () => 'SIGSTOP',

  undoOf: (_, { control, name, pid }) => ({
    step: 'resume-node',
    control,
    node: name,
    processes: treeOf(pid).map((one) => markOf(one.pid)),
  }),

  baseline: measureProcess,
  apply: (_, { control, name }, { forMs, signal }) =>
    beginOrder(control, name, 'pause', { ttlMs: leaseMs(forMs) }, signal),

  async prove(_, target, before, signal) {
    let seen = `${target.name} was not looked at`;
    return await proofWithin(
      signal,
      () => seen,
      async () => {
        while (!signal.aborted) {
          const { pid } = before.applied;
          const now = await statusOf(target, signal);
          if (pid === undefined || now?.pid !== pid) {
            return {
              proven: false,
              evidence: `${target.name} is not the process it was (pid ${pid}, now ${now?.pid})`,
            };
          }
          const tree = treeOf(pid);
          const running = tree.filter(({ state }) => state !== 'T');
          const stopped = `${target.name}: ${tree.length} process${tree.length === 1 ? '' : 'es'} stopped (pid ${pid})`;
          if (running.length > 0) {
            seen = `${target.name}: ${running.length} of ${tree.length} processes are not stopped`;
          } else if (target.listens === undefined) {
            return { proven: true, evidence: stopped };
          } else {
            const { ended } = await exchange(target.listens, SMALL_QUESTION, signal);
            if (ended === 'silent') return { proven: true, evidence: `${stopped}, a new connection gets no answer` };
            seen = `${stopped}, and yet a new connection was ${ended}`;
          }
          await sleep(20);
        }
        return undefined;
      },
    );
  },
};

/** No answer within its time is none. */
const SMALL_QUESTION = { bytes: 0, stream: 'downstream', quietMs: 250 } as const;
