/**
 * The file this target writes about itself, DIR/topology.json. Structurally the contract of `chaos/topology.ts`; written
 * out here once more because the target stands alone and imports nothing of what tests it.
 */
export interface Topology {
  /** Where users go: the edge. */
  entry: string;
  nodes: TopologyNode[];
  links: TopologyLink[];
  scrapes: TopologyScrape[];
  stores: TopologyStore[];
}

export interface TopologyNode {
  name: string;
  role: string;
  region?: string;
  by: { pid: number; control: string };
  /** Where it takes connections, and what it speaks there. */
  listens?: { address: string; protocol: TopologyLink['protocol'] };
  /** Where it answers /livez and /metrics. */
  ops?: string;
  /** Where it can be made to misbehave: `PUT /__faults/NAME`. */
  hooks?: string;
}

export interface TopologyLink {
  /** `from->to`, which is also the name of its proxy. */
  name: string;
  from: string;
  to: string;
  protocol: 'http' | 'postgres' | 'redis' | 'amqp';
  toxiproxy: { api: string; proxy: string };
}

export interface TopologyScrape {
  job: string;
  url: string;
  labels: Record<string, string>;
}

export interface TopologyStore {
  name: string;
  kind: 'postgres' | 'redis' | 'amqp';
  holds: string[];
  /** Straight to the store, past the fault proxy: an oracle must see what is there while links are broken. */
  dsn: string;
}
