import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { hold, nodeStatus } from '../control.ts';
import { type ContainerTarget, containerBaseline, containerTarget } from '../docker/container-target.ts';
import { killContainer, prepareKill, proveKill, undoOfKill } from '../docker/kill-container.ts';
import { selectNodes } from '../docker/select-nodes.ts';
import type { FaultKind, FaultTarget, Resolved } from '../fault.ts';
import type { Topology } from '../topology.ts';

const params = z.strictObject({
  node: z.string().min(1).describe('the node, as the topology names it: gateway-1'),
  restart: z
    .enum(['at-end', 'at-once'])
    .default('at-end')
    .describe('at-end: dead until the fault ends; at-once: restarted as after any crash'),
});

export type KillParams = z.input<typeof params>;

interface ProcessTarget extends FaultTarget {
  control: string;
}

type NodeTarget = ProcessTarget | ContainerTarget;

/** A process, or all of a container, is ended with SIGKILL. */
export const kill: FaultKind<z.output<typeof params>, NodeTarget> = {
  kind: 'kill',
  family: 'process',
  about:
    'A process or a container is ended with SIGKILL; it is restarted when the fault ends, or at once as after any crash.',
  needs: 'a node with a supervisor, or a container on an engine; at-once needs a restart policy',
  provenBy: 'the process id gone from the machine; the container ended, and no connection accepted at its door',
  undoneBy:
    'letting the supervisor start it again, at the latest 30 s after the fault should have ended; a container is started by us, by the watchdog, or by the next start',
  params,
  resolve: ({ node }, topology) => resolveNodes(node, topology),
  settings: ({ restart }) => (restart === 'at-end' ? 'SIGKILL, stays dead' : 'SIGKILL, restarted at once'),
  async prepare(params, target, signal) {
    if ('engine' in target) await prepareKill(params, target, signal);
  },

  undoOf: (_, target) =>
    'engine' in target ? undoOfKill(target) : { step: 'release-node', control: target.control, node: target.name },

  async baseline(target, signal) {
    if ('engine' in target) return await containerBaseline(target, signal);
    const { control, name } = target;
    const node = await nodeStatus(control, name, signal);
    return node?.pid === undefined ? {} : { pid: node.pid };
  },

  async apply(params, target, how) {
    if ('engine' in target) return await killContainer(params, target, how);
    const { control, name } = target;
    const { forMs, signal } = how;
    // The hold lifts itself soon after the fault should have ended, whatever becomes of us.
    if (params.restart === 'at-end') await hold(control, name, forMs + HOLD_MARGIN_MS, signal);
    const node = await nodeStatus(control, name, signal);
    if (node?.pid === undefined) throw new Error(`${name} has no process to kill, its state is ${node?.state}`);
    process.kill(node.pid, 'SIGKILL');
  },

  async prove(params, target, before, signal) {
    if ('engine' in target) return await proveKill(params, target, before, signal);
    const { control, name } = target;
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

function resolveNodes(selector: string, topology: Topology): Resolved<NodeTarget> {
  const selected = selectNodes(selector, topology);
  if (!selected.ok) return selected;
  const targets: NodeTarget[] = [];
  for (const { name, by } of selected.nodes) {
    if ('container' in by) {
      const target = containerTarget(name, by);
      if (!('engine' in target)) return target;
      targets.push(target);
    } else if (by.control !== undefined) targets.push({ name, takes: `node:${name}`, control: by.control });
    else return { ok: false, problem: `node '${name}' has no supervisor (by.control) that could start it again` };
  }
  const [first, ...others] = targets;
  return first === undefined
    ? { ok: false, problem: `nothing is '${selector}'` }
    : { ok: true, targets: [first, ...others] };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
