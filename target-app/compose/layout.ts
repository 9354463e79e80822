import { SHARDS } from '../supervisor/layout.ts';
import { linkName, linksOf, type PlannedLink } from '../supervisor/links.ts';

/**
 * What docker-compose.yml holds, as data: who listens where inside, what is published, and which links run through the
 * fault proxy. Services have the names of the embedded target's nodes, so that a scenario fits both.
 */

/** What the small stack can be added to by: more shards and edges, or Alertmanager and Grafana. */
export const PROFILES = ['full', 'observability'] as const;
export type Profile = (typeof PROFILES)[number];

/** Of something that is always there. */
type MaybeProfile = Profile | undefined;

export interface ComposeNode {
  /** Of the node and of the service. */
  name: string;
  role: string;
  region?: string;
  profile: MaybeProfile;
  /** What is published on 127.0.0.1. */
  ports: readonly PublishedPort[];
}

export interface PublishedPort {
  use: 'entry' | 'http' | 'metrics' | 'postgres' | 'redis' | 'amqp' | 'api';
  /** Inside the container. */
  inside: number;
  /** The variable of docker-compose.yml, and its default there. */
  variable: string;
  usual: number;
}

export interface ComposeLink extends PlannedLink {
  profile: MaybeProfile;
  /** Where the fault proxy listens, inside its container. */
  port: number;
}

/** Every role of this program listens here; each has an address of its own. */
export const ROLE_PORT = 8080;
export const POSTGRES_PORT = 5432;
export const REDIS_PORT = 6379;
export const AMQP_PORT = 5672;
export const BROKER_METRICS_PORT = 15_692;
export const LB_METRICS_PORT = 8405;
export const FAULT_PROXY_PORT = 8474;
export const PROMETHEUS_PORT = 9090;
export const FAULT_PROXY_NODE = 'fault-proxy';

/** The queue's account. It is reached from the stack's own networks and from this machine only. */
export const BROKER_USER = 'shop';

const SECOND_SHARDS = [
  { name: 'eu-1', region: 'eu', node: 'shard-eu-1', standby: 'shard-eu-1-standby', profile: 'full' },
  { name: 'us-1', region: 'us', node: 'shard-us-1', standby: 'shard-us-1-standby', profile: 'full' },
] as const;

export const COMPOSE_SHARDS = [
  ...SHARDS.map((shard) => ({ ...shard, profile: undefined as MaybeProfile })),
  ...SECOND_SHARDS.map((shard) => ({ ...shard, profile: shard.profile as MaybeProfile })),
];

export const EDGES = ['edge', 'edge-2', 'edge-3'] as const;

export const COMPOSE_NODES: readonly ComposeNode[] = [
  node('edge', 'edge', [{ use: 'entry', inside: 8080, variable: 'EDGE_PORT', usual: 8080 }]),
  node('lb', 'lb', [metrics(LB_METRICS_PORT, 'LB_METRICS_PORT', 8405)]),
  node('gateway-1', 'gateway', [http('GATEWAY_1_PORT', 8081)]),
  node('gateway-2', 'gateway', [http('GATEWAY_2_PORT', 8082)]),
  node('orders', 'orders', [http('ORDERS_PORT', 8083)]),
  node('catalog', 'catalog', [http('CATALOG_PORT', 8084)]),
  node('relay', 'relay', [http('RELAY_PORT', 8085)]),
  node('worker-1', 'worker', [http('WORKER_1_PORT', 8086)]),
  node('exporter', 'exporter', [http('EXPORTER_PORT', 8087)]),
  node('broker', 'broker', [
    { use: 'amqp', inside: AMQP_PORT, variable: 'BROKER_PORT', usual: 5672 },
    metrics(BROKER_METRICS_PORT, 'BROKER_METRICS_PORT', 15_692),
  ]),
  node('cache', 'cache', [{ use: 'redis', inside: REDIS_PORT, variable: 'CACHE_PORT', usual: 6379 }]),
  node('core-db', 'database', [postgres('CORE_DB_PORT', 5432)]),
  ...COMPOSE_SHARDS.flatMap((shard, index): ComposeNode[] => [
    {
      ...node(shard.node, 'shard', [postgres(`${variableOf(shard.node)}_PORT`, 5433 + index)], shard.profile),
      region: shard.region,
    },
    { ...node(shard.standby, 'standby', [], shard.profile), region: shard.region },
  ]),
  node(FAULT_PROXY_NODE, 'fault-proxy', [
    { use: 'api', inside: FAULT_PROXY_PORT, variable: 'FAULT_PROXY_PORT', usual: 8474 },
  ]),
  node('prometheus', 'prometheus', [
    { use: 'http', inside: PROMETHEUS_PORT, variable: 'PROMETHEUS_PORT', usual: 9090 },
  ]),
  node(
    'alertmanager',
    'alertmanager',
    [{ use: 'http', inside: 9093, variable: 'ALERTMANAGER_PORT', usual: 9093 }],
    'observability',
  ),
  node('grafana', 'grafana', [{ use: 'http', inside: 3000, variable: 'GRAFANA_PORT', usual: 3000 }], 'observability'),
  node('edge-2', 'edge', [http('EDGE_2_PORT', 8088)], 'full'),
  node('edge-3', 'edge', [http('EDGE_3_PORT', 8089)], 'full'),
];

const FIRST_LINK_PORT = 22_000;

/** Published as one range, `LINK_PORTS`, so that a round trip through any link can be timed from outside. */
export const COMPOSE_LINKS: readonly ComposeLink[] = [
  ...linksOf({ queue: 'rabbitmq', cache: 'redis', lb: 'haproxy', edge: 'varnish' }).map((link) => {
    return { ...link, profile: undefined as MaybeProfile };
  }),
  ...SECOND_SHARDS.flatMap(({ node, standby }) =>
    [
      { from: 'orders', to: node },
      { from: 'relay', to: node },
      { from: standby, to: node },
    ].map((link) => ({ ...link, protocol: 'postgres' as const, profile: 'full' as MaybeProfile })),
  ),
  ...EDGES.slice(1).map((from) => ({ from, to: 'lb', protocol: 'http' as const, profile: 'full' as MaybeProfile })),
].map((link, index) => ({ ...link, port: FIRST_LINK_PORT + index }));

/** Where a node finds another one: the near end of their link. @throws when there is no such link */
export function nearEnd(from: string, to: string): { host: string; port: number } {
  const link = COMPOSE_LINKS.find((candidate) => candidate.from === from && candidate.to === to);
  if (link === undefined) throw new Error(`there is no link ${linkName({ from, to })}`);
  return { host: FAULT_PROXY_NODE, port: link.port };
}

/** Where a node itself listens, inside the stack's networks. */
export function farEnd(name: string): { host: string; port: number } {
  const role = COMPOSE_NODES.find((candidate) => candidate.name === name)?.role;
  switch (role) {
    case 'shard':
    case 'standby':
    case 'database':
      return { host: name, port: POSTGRES_PORT };
    case 'cache':
      return { host: name, port: REDIS_PORT };
    case 'broker':
      return { host: name, port: AMQP_PORT };
    default:
      return { host: name, port: ROLE_PORT };
  }
}

export function isIn({ profile }: { profile: MaybeProfile }, profiles: readonly Profile[]): boolean {
  return profile === undefined || profiles.includes(profile);
}

function node(name: string, role: string, ports: readonly PublishedPort[], profile?: Profile): ComposeNode {
  return { name, role, profile, ports };
}

function http(variable: string, usual: number): PublishedPort {
  return { use: 'http', inside: ROLE_PORT, variable, usual };
}

function metrics(inside: number, variable: string, usual: number): PublishedPort {
  return { use: 'metrics', inside, variable, usual };
}

function postgres(variable: string, usual: number): PublishedPort {
  return { use: 'postgres', inside: POSTGRES_PORT, variable, usual };
}

function variableOf(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
