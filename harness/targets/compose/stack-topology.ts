import type { Topology } from '../../../chaos/topology.ts';
import {
  COMPOSE_LINKS,
  COMPOSE_NODES,
  COMPOSE_SHARDS,
  type ComposeNode,
  FAULT_PROXY_NODE,
  isIn,
  type Profile,
  type PublishedPort,
} from '../../../target-app/compose/layout.ts';
import { linkName } from '../../../target-app/supervisor/links.ts';
import type { StackPorts } from './stack-ports.ts';

interface StackOptions {
  profiles: readonly Profile[];
  ports: StackPorts;
  /** The container of a service; undefined when it has none. */
  containerOf: (service: string) => string | undefined;
}

/** Everything of the stack as seen from this machine: nodes are containers, links are proxies, all else published ports. */
export function stackTopology({ profiles, ports, containerOf }: StackOptions): Topology {
  const nodes = COMPOSE_NODES.filter((node) => isIn(node, profiles));
  const api = `http://127.0.0.1:${portOf(ports, FAULT_PROXY_NODE, 'api')}`;
  return {
    entry: `http://127.0.0.1:${portOf(ports, 'edge', 'entry')}`,
    nodes: nodes.flatMap(({ name, role, region }) => {
      const container = containerOf(name);
      if (container === undefined) return [];
      return [{ name, role, ...(region === undefined ? {} : { region }), by: { container, service: name } }];
    }),
    links: COMPOSE_LINKS.filter((link) => isIn(link, profiles)).map(({ from, to, protocol, port }) => {
      const name = linkName({ from, to });
      const reach = `127.0.0.1:${ports.firstLink + port - FIRST_INSIDE}`;
      const traffic = trafficOf(from, to, ports);
      return {
        name,
        from,
        to,
        protocol,
        toxiproxy: { api, proxy: name, reach },
        ...(traffic === undefined ? {} : { traffic }),
      };
    }),
    scrapes: nodes.flatMap((node) => scrapesOf(node, ports)),
    stores: storesOf(profiles, ports),
  };
}

const FIRST_INSIDE = Math.min(...COMPOSE_LINKS.map(({ port }) => port));

/** The published port of a node. @throws when it publishes none for that use */
export function portOf({ byVariable }: StackPorts, node: string, use: PublishedPort['use']): number {
  const published = COMPOSE_NODES.find(({ name }) => name === node)?.ports.find((port) => port.use === use);
  const port = published && byVariable.get(published.variable);
  if (port === undefined) throw new Error(`${node} publishes no port for ${use}`);
  return port;
}

/** They watch, and are not watched by a run. */
const WATCHING = ['prometheus', 'alertmanager', 'grafana'];

/**
 * The instance is the one that the stack's own Prometheus knows, who scrapes the same page by another address. What the
 * exporter tells of others is scraped once, from it.
 */
function scrapesOf(node: ComposeNode, ports: StackPorts): Topology['scrapes'] {
  if (WATCHING.includes(node.role)) return [];
  return node.ports.flatMap(({ use, inside, variable }) => {
    const isPage = use === 'metrics' || use === 'api' || (use === 'http' && node.role !== 'edge');
    if (!isPage) return [];
    const url = `http://127.0.0.1:${ports.byVariable.get(variable)}/metrics`;
    return [{ job: node.role, url, labels: { node: node.name, instance: `${node.name}:${inside}` } }];
  });
}

/** The counter by which who uses a link tells that it does; undefined where connections are short, or nobody counts. */
function trafficOf(from: string, to: string, ports: StackPorts): { page: string; series: string } | undefined {
  const role = COMPOSE_NODES.find(({ name }) => name === from)?.role;
  const shard = COMPOSE_SHARDS.find(({ node }) => node === to)?.name;
  const series = (): string | undefined => {
    if (role === 'lb') return `haproxy_server_http_responses_total{proxy="gateways",server="${to}"}`;
    if (role === 'gateway') return `http_client_requests_total{upstream="${to === 'worker-1' ? 'jobs' : to}"}`;
    if (role === 'standby' || role === 'edge') return undefined;
    if (shard !== undefined) return `db_query_duration_seconds_count{shard="${shard}"}`;
    if (to === 'core-db') return `db_query_duration_seconds_count{shard="${role === 'worker' ? 'queue' : 'catalog'}"}`;
    if (to === 'cache') return 'cache_requests_total';
    return role === 'relay' ? 'outbox_published_total' : 'worker_jobs_total';
  };
  const found = series();
  const use = role === 'lb' ? 'metrics' : 'http';
  return found === undefined
    ? undefined
    : { page: `http://127.0.0.1:${portOf(ports, from, use)}/metrics`, series: found };
}

/** As the superuser, who gets in even when all ordinary connections are used up. */
function storesOf(profiles: readonly Profile[], ports: StackPorts): Topology['stores'] {
  const dsn = (node: string, database: string) =>
    `postgres://postgres@127.0.0.1:${portOf(ports, node, 'postgres')}/${database}`;
  const shards = COMPOSE_SHARDS.filter((shard) => isIn(shard, profiles)).map(({ node }) => {
    return { name: node, kind: 'postgres' as const, holds: ['orders'], dsn: dsn(node, 'postgres') };
  });
  const core = ['queue', 'catalog'].map((database) => {
    return { name: database, kind: 'postgres' as const, holds: [database], dsn: dsn('core-db', database) };
  });
  const cache = {
    name: 'cache',
    kind: 'redis' as const,
    holds: ['cache'],
    dsn: `redis://127.0.0.1:${portOf(ports, 'cache', 'redis')}`,
  };
  return [...shards, ...core, cache];
}

/** Before it is up: enough to look names up in. */
export function paperStack(): Topology {
  const variables = COMPOSE_NODES.flatMap(({ ports }) =>
    ports.map(({ variable, usual }) => [variable, usual] as const),
  );
  const ports = { byVariable: new Map(variables), firstLink: FIRST_INSIDE, observe: 0 };
  return stackTopology({ profiles: [], ports, containerOf: (service) => service });
}
