import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { hold, nodeStatus } from '../control.ts';
import type { FaultKind, FaultTarget, Resolved } from '../fault.ts';
import type { Topology } from '../topology.ts';
import { suggestion } from './link.ts';

const params = z.strictObject({
  node: z.string().min(1).describe('the node, as the topology names it: gateway-1'),
  restart: z
    .enum(['at-end', 'at-once'])
    .default('at-end')
    .describe('at-end: dead until the fault ends; at-once: restarted as after any crash'),
});

export type KillParams = z.input<typeof params>;

interface NodeTarget extends FaultTarget {
  control: string;
}

/** A process is ended with SIGKILL. */
export const kill: FaultKind<z.output<typeof params>, NodeTarget> = {
  kind: 'kill',
  family: 'process',
  about: 'A process is ended with SIGKILL; it is restarted when the fault ends, or at once by its supervisor.',
  needs: 'a node with a supervisor',
  provenBy: 'the process id gone from the machine',
  undoneBy: 'letting the supervisor start it again, at the latest 30 s after the fault should have ended',
  params,
  resolve: ({ node }, topology) => resolveNode(node, topology),
  settings: ({ restart }) => (restart === 'at-end' ? 'SIGKILL, stays dead' : 'SIGKILL, restarted at once'),
  undoOf: (_, { control, name }) => ({ step: 'release-node', control, node: name }),
  async baseline({ control, name }, signal) {
    const node = await nodeStatus(control, name, signal);
    return node?.pid === undefined ? {} : { pid: node.pid };
  },

  async apply({ restart }, { control, name }, { forMs, signal }) {
    // The hold lifts itself soon after the fault should have ended, whatever becomes of us.
    if (restart === 'at-end') await hold(control, name, forMs + HOLD_MARGIN_MS, signal);
    const node = await nodeStatus(control, name, signal);
    if (node?.pid === undefined) throw new Error(`${name} has no process to kill, its state is ${node?.state}`);
    process.kill(node.pid, 'SIGKILL');
  },

  async prove(_, { control, name }, before, signal) {
    const { pid } = before.applied;
    while (!signal.aborted && pid !== undefined) {
      const now = await nodeStatus(control, name, signal);
      if (!exists(pid) && now?.pid !== pid) return { proven: true, evidence: `${name} (pid ${pid}) is gone` };
      await sleep(20);
    }
    return { proven: false, evidence: `${name} (pid ${pid}) still runs` };
  },
};

const HOLD_MARGIN_MS = 30_000;

function resolveNode(name: string, topology: Topology): Resolved<NodeTarget> {
  const node = topology.nodes.find((candidate) => candidate.name === name);
  if (!node) {
    const names = topology.nodes.map((candidate) => candidate.name);
    return { ok: false, problem: `no such node '${name}'. ${suggestion(name, names)}` };
  }
  if (!('pid' in node.by)) {
    return { ok: false, problem: `node '${name}' is a container; this fault ends processes` };
  }
  if (node.by.control === undefined) {
    return { ok: false, problem: `node '${name}' has no supervisor (by.control) that could start it again` };
  }
  return { ok: true, targets: [{ name, takes: `node:${name}`, control: node.by.control }] };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
