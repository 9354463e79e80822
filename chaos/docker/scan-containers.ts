import type { Topology } from '../topology.ts';
import { openEngine } from './docker-client.ts';
import type { DockerEngine } from './docker-engine.ts';
import { engineAddress } from './engine-address.ts';
import type { ContainerState } from './engine-answers.ts';
import { HELPER_LABEL, TARGET_LABEL, toolsImage } from './helper.ts';
import { findNetMarks } from './net-marks.ts';

/**
 * Looks at the containers of a target, an engine at a time, and lists what is not as a healthy target has it: stopped,
 * paused, out of the network it was made for, with rules of ours in its network, or with a helper of ours beside it.
 */
export async function scanContainers(address: string, topology: Topology, signal: AbortSignal): Promise<string[]> {
  const engine = openEngine(address);
  const nodes = topology.nodes.flatMap(({ name, by }) =>
    'container' in by && (by.engine ?? engineAddress()) === address ? [{ name, container: by.container }] : [],
  );
  const states = await Promise.all(
    nodes.map(async ({ name, container }) => ({ name, state: await engine.find(container, signal) })),
  );
  const wrong = states.flatMap(({ name, state }) => (state ? troublesOf(name, state) : [`${name} has no container`]));
  const running = states.flatMap(({ name, state }) => (state?.running ? [{ name, pid: state.pid }] : []));
  const marks = await findNetMarks(engine, toolsImage(), running, signal);
  const ids = new Map(states.flatMap(({ name, state }) => (state ? [[state.id, name] as const] : [])));
  return [...wrong, ...marks.map(({ text }) => text), ...(await helpersLeft(engine, ids, signal))];
}

/** The engines that a topology's containers are on. */
export function enginesOf(topology: Topology): string[] {
  const addresses = topology.nodes.flatMap(({ by }) => ('container' in by ? [by.engine ?? engineAddress()] : []));
  return [...new Set(addresses)];
}

function troublesOf(name: string, state: ContainerState): string[] {
  if (!state.running) return [`${name} is ${state.status}`];
  if (state.paused) return [`${name} is paused`];
  const { networkMode, networks } = state;
  const own = !['', 'default', 'bridge', 'host', 'none'].includes(networkMode) && !networkMode.startsWith('container:');
  return own && !(networkMode in networks) ? [`${name} is not connected to ${networkMode}`] : [];
}

async function helpersLeft(engine: DockerEngine, ids: Map<string, string>, signal: AbortSignal): Promise<string[]> {
  const helpers = await engine.containers(signal, [HELPER_LABEL]);
  return helpers.flatMap(({ name, labels }) => {
    const target = ids.get(labels[TARGET_LABEL] ?? '');
    return target === undefined ? [] : [`helper container ${name} of fault ${labels[HELPER_LABEL]} beside ${target}`];
  });
}
