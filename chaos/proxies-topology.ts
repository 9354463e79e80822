import type { Topology, TopologyLink } from './topology.ts';
import { allProxies } from './toxiproxy-client.ts';

/**
 * A topology of all proxies of a Toxiproxy, for faults on a system that has written none: each is a link by its name.
 * `protocol` is what they speak: how to say hello over them.
 */
export async function proxiesTopology(
  api: string,
  protocol: TopologyLink['protocol'],
  signal: AbortSignal,
): Promise<Topology> {
  const proxies = await allProxies(api, signal);
  return {
    // Nobody has said where users come in.
    entry: `proxies-of:${api}`,
    nodes: [],
    links: proxies.map(({ name }) => {
      const [from = '', to] = name.split('->');
      const ends = to === undefined ? { from: 'clients', to: name } : { from, to };
      return { name, ...ends, protocol, toxiproxy: { api, proxy: name } };
    }),
    scrapes: [],
    stores: [],
  };
}
