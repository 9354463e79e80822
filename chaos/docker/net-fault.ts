import type { z } from 'zod';
import type { Baseline, Baselines, FaultKind, Proof } from '../fault.ts';
import type { Topology } from '../topology.ts';
import { type NetCapability, needCapability } from './capabilities.ts';
import { type ContainerTarget, containerBaseline, markOf, pin, pinned, resolveContainers } from './container-target.ts';
import { toolsImage } from './helper.ts';
import { doInNetHelper, type NetJob, startNetHelper } from './net-helper.ts';
import { ruleMark } from './net-marks.ts';
import { EffectGone } from './until-proven.ts';

/** What differs between faults in the network of a container. All else is `netFault`. */
export interface NetFault<Params extends { node: string }> {
  kind: string;
  about: string;
  needs: string;
  provenBy: string;
  params: z.ZodType<Params>;
  settings(params: Params): string;
  capability(params: Params): NetCapability;
  /** A shell script whose rules carry `mark`; it changes nothing when it fails. */
  script(params: Params, mark: string, target: ContainerTarget): string;
  baseline?(target: ContainerTarget, signal: AbortSignal): Promise<Baseline>;
  prove(params: Params, run: RunInNetwork, target: NetTarget, before: Baselines, signal: AbortSignal): Promise<Proof>;
}

/** Runs a script beside the rules, and returns what it wrote. */
export type RunInNetwork = (script: string) => Promise<string>;

/**
 * A fault in the network of a container: rules of the kernel's, put there by a helper container that takes them out again by
 * itself when their time is over.
 */
export function netFault<Params extends { node: string }>(fault: NetFault<Params>): FaultKind<Params, NetTarget> {
  return {
    kind: fault.kind,
    family: 'network',
    about: fault.about,
    needs: `${fault.needs}; an image with iptables and tc on the engine (STAMPEDE_TOOLS_IMAGE), and a kernel that can do it`,
    provenBy: fault.provenBy,
    undoneBy:
      'taking out the rules with our mark; a helper container in its network does so 10 s after the fault should have ended',
    params: fault.params,
    resolve: ({ node }, topology: Topology) => resolveContainers(node, topology, fault.kind),
    settings: fault.settings,
    async prepare(params, target, signal) {
      await pin(target, signal);
      await needCapability(target.engine, toolsImage(), fault.capability(params), signal);
    },
    undoOf: (_, target, id) => netUndoOf(target, id),
    baseline: (target, signal) => fault.baseline?.(target, signal) ?? containerBaseline(target, signal),
    apply: (params, target, how) => applyNetFault(target, how, fault.script(params, ruleMark(how.id), target)),
    prove: (params, target, before, signal) => fault.prove(params, runnerOf(target, signal), target, before, signal),
  };
}

/** The fault's id is needed to find the helper again. */
export interface NetTarget extends ContainerTarget {
  job?: NetJob;
}

export function netUndoOf(target: NetTarget, id: string) {
  return { step: 'lift-net-fault' as const, container: markOf(target), id, image: toolsImage() };
}

export async function applyNetFault(
  target: NetTarget,
  { id, forMs, signal }: { id: string; forMs: number; signal: AbortSignal },
  script: string,
): Promise<void> {
  const state = target.pinned ?? (await pin(target, signal));
  const job = { id, target: state.id, image: toolsImage() };
  target.job = job;
  await startNetHelper(target.engine, job, forMs + LEASE_MARGIN_MS, signal);
  await doInNetHelper(target.engine, job, script, signal);
}

export function runnerOf(target: NetTarget, signal: AbortSignal): RunInNetwork {
  return async (script) => {
    const { job } = target;
    if (job === undefined) throw new Error(`nothing was applied to ${target.name}`);
    const state = await target.engine.find(pinned(target).id, signal);
    if (!state?.running || state.startedAt !== pinned(target).startedAt) {
      throw new EffectGone(
        `${target.name} was started anew, or has ended: its network is another, and nothing of ours is in it`,
      );
    }
    return await doInNetHelper(target.engine, job, script, signal);
  };
}

const LEASE_MARGIN_MS = 10_000;
