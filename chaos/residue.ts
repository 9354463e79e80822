import { allNodes } from './control.ts';
import { enginesOf, scanContainers } from './docker/scan-containers.ts';
import type { Topology } from './topology.ts';
import { allProxies } from './toxiproxy-client.ts';
import { Unreachable } from './unreachable.ts';

/**
 * Looks at every fault proxy, supervisor and container of a target and lists what is not as a healthy target has it:
 * toxics, disabled proxies, nodes held or down, containers stopped, paused or with rules of ours in their network. Finds what anybody left, not only what we remember. Empty = clean.
 */
export async function scanResidue(topology: Topology, signal: AbortSignal): Promise<string[]> {
  const apis = new Set(topology.links.map((link) => link.toxiproxy.api));
  const controls = new Set(
    topology.nodes.flatMap((node) => ('pid' in node.by && node.by.control !== undefined ? [node.by.control] : [])),
  );
  const found = await Promise.all([
    ...[...apis].map((api) => scanned(api, () => scanProxies(api, signal))),
    ...[...controls].map((control) => scanned(control, () => scanNodes(control, signal))),
    ...enginesOf(topology).map((engine) => scanned(engine, () => scanContainers(engine, topology, signal))),
  ]);
  return found.flat();
}

async function scanProxies(api: string, signal: AbortSignal): Promise<string[]> {
  const proxies = await allProxies(api, signal);
  return proxies.flatMap((proxy) => [
    ...(proxy.enabled ? [] : [`${proxy.name} is disabled`]),
    ...proxy.toxics.map((toxic) => `toxic ${toxic.type} '${toxic.name}' on ${proxy.name}`),
  ]);
}

async function scanNodes(control: string, signal: AbortSignal): Promise<string[]> {
  const nodes = await allNodes(control, signal);
  return nodes.filter((node) => node.state !== 'ready').map((node) => `${node.name} is ${node.state}`);
}

async function scanned(where: string, scan: () => Promise<string[]>): Promise<string[]> {
  try {
    return await scan();
  } catch (error) {
    const why = error instanceof Unreachable ? error.message : String(error instanceof Error ? error.message : error);
    return [`could not be looked at: ${where} (${why})`];
  }
}
