import { z } from 'zod';
import { type NodeStatus, nodeStatus } from '../control.ts';
import type { Baseline, FaultTarget, Resolved } from '../fault.ts';
import { resolvedTo } from '../resolved-to.ts';
import { selectNodes } from '../select-nodes.ts';
import { suggestion } from '../suggestion.ts';
import type { Topology, TopologyNode } from '../topology.ts';

export const nodeField = z
  .string()
  .min(1)
  .describe('the node: gateway-1, or several: gateway-*, role=gateway, region=eu');

/** What all faults on processes share: finding the node, and the process it is now. */
export interface ProcessTarget extends FaultTarget {
  control: string;
  /** The process when it was last looked at. */
  pid: number;
  /** The entry of the target it belongs to. */
  entry: string;
  listens: TopologyNode['listens'];
  ops: string | undefined;
  hooks: string | undefined;
}

/** `part` is what of the node the fault takes, where that is not all of it: `cpu`. */
export function resolveProcess(selector: string, topology: Topology, part?: string): Resolved<ProcessTarget> {
  const selected = selectNodes(selector, topology);
  if (!selected.ok) return selected;
  const targets: ProcessTarget[] = [];
  for (const { name, by, listens, ops, hooks } of selected.nodes) {
    if (!('pid' in by)) return { ok: false, problem: `node '${name}' is a container; this fault is for processes` };
    if (by.control === undefined) {
      return { ok: false, problem: `node '${name}' has no supervisor (by.control) that could put it right again` };
    }
    const takes = part === undefined ? `node:${name}` : `node:${name}/${part}`;
    targets.push({ name, takes, control: by.control, pid: by.pid, entry: topology.entry, listens, ops, hooks });
  }
  return resolvedTo(targets, `nothing is '${selector}'`);
}

/** A node with fault hooks, and an address to see by whether they bite. */
export type HookedTarget = ProcessTarget & { hooks: string; ops: string };

export function resolveHooked(name: string, topology: Topology, part: string): Resolved<HookedTarget> {
  const resolved = resolveProcess(name, topology, part);
  if (!resolved.ok) return resolved;
  const hooked: HookedTarget[] = [];
  for (const target of resolved.targets) {
    const { hooks, ops } = target;
    if (hooks === undefined || ops === undefined) {
      const able = topology.nodes.filter((node) => node.hooks !== undefined).map((node) => node.name);
      return {
        ok: false,
        problem: `node '${target.name}' has no fault hooks (hooks, ops). ${suggestion(target.name, able)}`,
      };
    }
    hooked.push({ ...target, hooks, ops });
  }
  return resolvedTo(hooked, `no such node '${name}'`);
}

export async function measureProcess(target: ProcessTarget, signal: AbortSignal): Promise<Baseline> {
  const status = await statusOf(target, signal);
  return status?.pid === undefined ? {} : { pid: status.pid };
}

/** As its supervisor tells it. */
export async function statusOf(target: ProcessTarget, signal: AbortSignal): Promise<NodeStatus | undefined> {
  const status = await nodeStatus(target.control, target.name, signal);
  if (status?.pid !== undefined) target.pid = status.pid;
  return status;
}

/** @throws when it has none */
export async function livePid(target: ProcessTarget, signal: AbortSignal): Promise<number> {
  const status = await statusOf(target, signal);
  if (status?.pid !== undefined) return status.pid;
  throw new Error(`${target.name} has no process, its state is ${status?.state ?? 'unknown to its supervisor'}`);
}
