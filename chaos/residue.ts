import { antagonists } from './antagonist/find.ts';
import { allNodes } from './control.ts';
import { enginesOf, scanContainers } from './docker/scan-containers.ts';
import { activeHooks } from './fault-hooks.ts';
import { messageOf } from './message-of.ts';
import type { Topology } from './topology.ts';
import { allProxies } from './toxiproxy-client.ts';
import { Unreachable } from './unreachable.ts';

/**
 * Looks at every fault proxy, supervisor and container of a target and lists what is not as a healthy target has it:
 * toxics, disabled and missing proxies, nodes held, paused or down, fault hooks that are on, processes that disturb it from beside,
 * containers stopped, paused or with rules of ours in their network. Finds what anybody left, not only what we remember.
 * Empty = clean.
 */
export async function scanResidue(topology: Topology, signal: AbortSignal): Promise<string[]> {
  const apis = new Set(topology.links.map((link) => link.toxiproxy.api));
  const controls = new Set(
    topology.nodes.flatMap((node) => ('pid' in node.by && node.by.control !== undefined ? [node.by.control] : [])),
  );
  const found = await Promise.all([
    ...[...apis].map((api) => scanned(api, () => scanProxies(api, topology, signal))),
    ...[...controls].map((control) => scanned(control, () => scanNodes(control, signal))),
    ...enginesOf(topology).map((engine) => scanned(engine, () => scanContainers(engine, topology, signal))),
    ...topology.nodes.flatMap(({ name, hooks }) =>
      hooks === undefined ? [] : [scanned(hooks, () => scanHooks(name, hooks, signal))],
    ),
  ]);
  return [...found.flat(), ...scanAntagonists(topology.entry)];
}

async function scanProxies(api: string, { links }: Topology, signal: AbortSignal): Promise<string[]> {
  const proxies = await allProxies(api, signal);
  const there = new Set(proxies.map(({ name }) => name));
  const wanted = new Set(links.flatMap(({ toxiproxy }) => (toxiproxy.api === api ? [toxiproxy.proxy] : [])));
  return [
    ...proxies.flatMap((proxy) => [
      ...(proxy.enabled ? [] : [`${proxy.name} is disabled`]),
      ...proxy.toxics.map((toxic) => `toxic ${toxic.type} '${toxic.name}' on ${proxy.name}`),
    ]),
    ...[...wanted].filter((name) => !there.has(name)).map((name) => `${name} has no proxy any more`),
  ];
}

async function scanNodes(control: string, signal: AbortSignal): Promise<string[]> {
  const nodes = await allNodes(control, signal);
  return nodes.filter((node) => node.state !== 'ready').map((node) => `${node.name} is ${node.state}`);
}

async function scanHooks(node: string, hooks: string, signal: AbortSignal): Promise<string[]> {
  try {
    const left = await activeHooks(hooks, signal);
    return left.map(({ name, settings }) => `fault hook ${name} ${JSON.stringify(settings)} is on in ${node}`);
  } catch (error) {
    // A node that is down has no hooks on, and its supervisor tells of it.
    if (error instanceof Unreachable) return [];
    throw error;
  }
}

function scanAntagonists(entry: string): string[] {
  return antagonists()
    .filter(({ against }) => against === entry)
    .map(({ kind, fault, process }) => `${kind} of ${fault} still runs (pid ${process.pid})`);
}

async function scanned(where: string, scan: () => Promise<string[]>): Promise<string[]> {
  try {
    return await scan();
  } catch (error) {
    const why = messageOf(error);
    return [`could not be looked at: ${where} (${why})`];
  }
}
