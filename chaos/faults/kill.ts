import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { hold, nodeStatus } from '../control.ts';
import type { FaultKind } from '../fault.ts';
import { exists, signalTree } from '../process-tree.ts';
import { proofWithin } from '../proof-within.ts';
import { leaseOf } from './lease.ts';
import { livePid, measureProcess, nodeField, type ProcessTarget, resolveProcess } from './process-node.ts';

const params = z.strictObject({
  node: nodeField,
  restart: z
    .enum(['at-end', 'at-once'])
    .default('at-end')
    .describe('at-end: dead until the fault ends; at-once: restarted as after any crash'),
  signal: z
    .enum(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGABRT', 'SIGSEGV'])
    .default('SIGKILL')
    .describe('the signal that all processes of the node get; SIGKILL unless told'),
});

export type KillParams = z.input<typeof params>;
export type KillSettings = z.output<typeof params>;

/** All processes of a node are ended by a signal, as if the machine had lost them. */
export const kill: FaultKind<z.output<typeof params>, ProcessTarget> = {
  kind: 'kill',
  family: 'process',
  about:
    'All processes of a node are ended by a signal; it is restarted when the fault ends, or at once by its supervisor.',
  needs: 'a node with a supervisor',
  provenBy: 'the process id gone from the machine',
  undoneBy: 'letting the supervisor start it again, at the latest 10 s after the fault should have ended',
  params,
  resolve: ({ node }, topology) => resolveProcess(node, topology),
  settings: ({ restart, signal }) => `${signal}, ${restart === 'at-end' ? 'stays dead' : 'restarted at once'}`,
  undoOf: (_, { control, name }) => ({ step: 'release-node', control, node: name }),
  baseline: measureProcess,

  async apply({ restart, signal: with_ }, target, how) {
    // The hold lifts itself soon after the fault should have ended, whatever becomes of us.
    if (restart === 'at-end') await hold(target.control, target.name, leaseOf(how), how.signal);
    signalTree(await livePid(target, how.signal), with_);
  },

  async renew({ restart }, { control, name }, { leaseMs, signal }) {
    if (restart === 'at-end') await hold(control, name, leaseMs, signal);
  },

  lasts: ({ restart }) => restart === 'at-end',

  async prove(_, { control, name }, before, signal) {
    const { pid } = before.applied;
    const late = () => `${name} (pid ${pid}) still runs`;
    return await proofWithin(signal, late, async () => {
      while (!signal.aborted && pid !== undefined) {
        const now = await nodeStatus(control, name, signal);
        if (!exists(pid) && now?.pid !== pid) return { proven: true, evidence: `${name} (pid ${pid}) is gone` };
        await sleep(20);
      }
      return undefined;
    });
  },
};
