import { z } from 'zod';
import type { Baseline, FaultTarget, Resolved } from '../fault.ts';
import { messageOf } from '../message-of.ts';
import { resolvedTo } from '../resolved-to.ts';
import { selectNodes } from '../select-nodes.ts';
import type { Topology } from '../topology.ts';
import type { ContainerMark } from './container-mark.ts';
import { openEngine } from './docker-client.ts';
import type { DockerEngine } from './docker-engine.ts';
import { findDoor } from './door.ts';
import { engineAddress } from './engine-address.ts';
import type { ContainerState } from './engine-answers.ts';

export const containerField = z
  .string()
  .min(1)
  .describe('the node that is a container: a name, or role=, region=, container=, service=, label=KEY=VALUE');

/** A container that a fault is aimed at. */
export interface ContainerTarget extends FaultTarget {
  engine: DockerEngine;
  /** Its name or id, as the topology has it. */
  container: string;
  /** What it was when the undo step was written. From then on that container is meant, and no other of the same name. */
  pinned?: ContainerState;
  /** For `disconnect`: which of its networks. */
  network?: string;
  /** For `stop`: when its grace is over. */
  killAtMs?: number;
}

/** `part` is what of the container the fault takes, where that is not all of it: `cpu`. */
export function resolveContainers(selector: string, topology: Topology, part?: string): Resolved<ContainerTarget> {
  const selected = selectNodes(selector, topology);
  if (!selected.ok) return selected;
  const targets: ContainerTarget[] = [];
  for (const { name, by } of selected.nodes) {
    if (!('container' in by)) {
      return { ok: false, problem: `node '${name}' is a process; this fault is for containers` };
    }
    const target = containerTarget(name, by, part);
    if (!('engine' in target)) return target;
    targets.push(target);
  }
  return resolvedTo(targets, `nothing is '${selector}'`);
}

/** An address that cannot be an engine's, or certificates that cannot be read, are the problem. */
export function containerTarget(
  name: string,
  by: { container: string; engine?: string | undefined },
  part?: string,
): ContainerTarget | { ok: false; problem: string } {
  const takes = part === undefined ? `node:${name}` : `node:${name}/${part}`;
  try {
    return { name, takes, engine: openEngine(by.engine ?? engineAddress()), container: by.container };
  } catch (error) {
    return { ok: false, problem: messageOf(error) };
  }
}

/** Looks which container it is, and what it is like now. Only a running one can be harmed. */
export async function pin(target: ContainerTarget, signal: AbortSignal): Promise<ContainerState> {
  const state = await target.engine.inspect(target.container, signal);
  if (!state.running) throw new Error(`${target.name} does not run, it is ${state.status}`);
  if (state.paused) throw new Error(`${target.name} is paused already`);
  target.pinned = state;
  return state;
}

/** For what ends it: one that would be gone for good then is left alone. `how` is what it would be: `stopped`. */
export async function pinKept(target: ContainerTarget, how: string, signal: AbortSignal): Promise<ContainerState> {
  const state = await pin(target, signal);
  if (state.autoRemove) throw new Error(`${target.name} was started with --rm: ${how}, it would be gone for good`);
  return state;
}

/** The container as it was when it was pinned; for what must be written down before anything is applied. */
export function pinned({ name, pinned: state }: ContainerTarget): ContainerState {
  if (state === undefined) throw new Error(`nobody has looked at ${name} yet`);
  return state;
}

/** The pinned container as it is now, or undefined when it was removed. */
export async function now(target: ContainerTarget, signal: AbortSignal): Promise<ContainerState | undefined> {
  return await target.engine.find(target.pinned?.id ?? target.container, signal);
}

export function markOf(target: ContainerTarget): ContainerMark {
  const { id, name, startedAt } = pinned(target);
  return { engine: target.engine.address, id, name, startedAt };
}

/** Undoes what ends a container. `endingMs`: how long it may take to end, so that it is not started before that. */
export function startAgain(target: ContainerTarget, endingMs = 0) {
  const healthy = pinned(target).health === 'healthy';
  return { step: 'start-container', container: markOf(target), healthy, endingMs } as const;
}

/** How a container is and answers before it is harmed. */
export async function containerBaseline(
  target: ContainerTarget,
  signal: AbortSignal,
  door: { network?: string; port?: number } = {},
): Promise<Baseline> {
  const state = await now(target, signal);
  if (state === undefined) throw new Error(`${target.name} is not there any more`);
  const found = state.running && !state.paused ? await findDoor(state, signal, door) : undefined;
  const { id, startedAt, pid, restartCount } = state;
  return { container: { id, startedAt, pid, restartCount, ...(found === undefined ? {} : { door: found }) } };
}
