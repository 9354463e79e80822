import type { Topology } from '../topology.ts';
import { openEngine } from './docker-client.ts';
import { engineAddress } from './engine-address.ts';
import type { ContainerSummary } from './engine-answers.ts';
import { HELPER_LABEL } from './helper.ts';

const SERVICE_LABEL = 'com.docker.compose.service';

/**
 * A topology of all containers that run on an engine, for faults on a system that has written none: each is a node by its
 * name, and can be chosen by `container=`, `service=` (as compose calls it) and `label=`. Containers of ours are left out.
 */
export async function dockerTopology(signal: AbortSignal, address = engineAddress()): Promise<Topology> {
  const containers = await openEngine(address).containers(signal);
  const theirs = containers.filter(({ status, labels }) => status === 'running' && !(HELPER_LABEL in labels));
  return {
    // Nobody has said where users come in.
    entry: `containers-of:${address}`,
    nodes: theirs.map((container) => nodeOf(container, address)),
    links: [],
    scrapes: [],
    stores: [],
  };
}

function nodeOf({ name, labels, image }: ContainerSummary, engine: string): Topology['nodes'][number] {
  const service = labels[SERVICE_LABEL];
  return {
    name,
    role: service ?? image,
    by: { container: name, engine, labels, ...(service === undefined ? {} : { service }) },
  };
}
