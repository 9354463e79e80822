import type { Topology, TopologyNode, TopologyScrape, TopologyStore } from '../topology.ts';
import { LINKS, linkName } from './links.ts';
import type { PortReservation } from './ports.ts';
import { StartFailure } from './start-failure.ts';

/** The order shards, each a primary with a synchronous standby. */
export const SHARDS = [
  { name: 'eu-0', region: 'eu', node: 'shard-eu-0', standby: 'shard-eu-0-standby' },
  { name: 'us-0', region: 'us', node: 'shard-us-0', standby: 'shard-us-0-standby' },
] as const;

/** The nodes that are roles of this program. */
export const ROLE_NODES = [
  { name: 'edge', role: 'edge' },
  { name: 'lb', role: 'lb' },
  { name: 'gateway-1', role: 'gateway' },
  { name: 'gateway-2', role: 'gateway' },
  { name: 'orders', role: 'orders' },
  { name: 'catalog', role: 'catalog' },
  { name: 'relay', role: 'relay' },
  { name: 'broker', role: 'broker' },
  { name: 'worker-1', role: 'worker' },
  { name: 'cache', role: 'cache' },
] as const;

export type RoleNode = (typeof ROLE_NODES)[number];

export const CORE_DB = 'core-db';
export const FAULT_PROXY = 'fault-proxy';

/** The superuser: an oracle must get in even when the target has used up the connections of ordinary roles. */
const ORACLE_USER = 'postgres';

/**
 * Who listens where. Every port is chosen before anything starts, so that everything can start at the same time and a
 * node that is started again is where it was.
 */
export class Layout {
  readonly #ports: ReadonlyMap<string, number>;

  private constructor(ports: ReadonlyMap<string, number>) {
    this.#ports = ports;
  }

  /** @throws StartFailure when the port that was asked for is taken */
  static async choose(reservation: PortReservation, entryPort: number | undefined): Promise<Layout> {
    const ports = new Map<string, number>();
    if (entryPort !== undefined) {
      if (!(await reservation.takeThis(entryPort))) {
        throw new StartFailure('edge', `port ${entryPort} is taken; give another one with --port, or none`);
      }
      ports.set('edge', entryPort);
    }
    const databases = SHARDS.flatMap(({ node, standby }) => [node, standby]);
    const roles = ROLE_NODES.flatMap(({ name }) => [name, hooksOf(name)]);
    const nodes = [...roles, 'cache http', ...databases, CORE_DB, FAULT_PROXY];
    for (const name of [...nodes, ...LINKS.map(linkName)]) {
      if (!ports.has(name)) ports.set(name, await reservation.take());
    }
    return new Layout(ports);
  }

  /** Of a node, a link, `cache http`, or the hooks of a role. */
  port(name: string): number {
    const port = this.#ports.get(name);
    if (port === undefined) throw new Error(`nothing called "${name}" has a port`);
    return port;
  }

  /** Ports that must be free before a node starts: its own and, for the fault proxy, those of all links. */
  portsOf(node: string): number[] {
    if (node === FAULT_PROXY) return [this.port(node), ...LINKS.map((link) => this.port(linkName(link)))];
    const own = node === 'cache' ? [this.port(node), this.port('cache http')] : [this.port(node)];
    return isRole(node) ? [...own, this.hooksPort(node)] : own;
  }

  /** Of the fault hooks of a role. */
  hooksPort(role: string): number {
    return this.port(hooksOf(role));
  }

  url(node: string): string {
    return `http://127.0.0.1:${this.port(node)}`;
  }

  /** Where a role answers /readyz and /metrics. */
  opsUrl(node: string): string {
    return this.url(node === 'cache' ? 'cache http' : node);
  }

  dsn(name: string, user: string, database: string): string {
    return `postgres://${user}@127.0.0.1:${this.port(name)}/${database}`;
  }

  get entry(): string {
    return this.url('edge');
  }

  topology(control: string, pidOf: (node: string) => number | undefined): Topology {
    const nodes = [
      ...ROLE_NODES,
      { name: FAULT_PROXY, role: 'fault-proxy' },
      ...SHARDS.map(({ node, region }) => ({ name: node, role: 'shard', region })),
      ...SHARDS.map(({ standby, region }) => ({ name: standby, role: 'standby', region })),
      { name: CORE_DB, role: 'database' },
    ].flatMap((node): TopologyNode[] => {
      // Of a node that is down the last pid stays: it is still part of the target, and somebody may want to start it.
      const pid = pidOf(node.name);
      return pid === undefined ? [] : [{ ...node, by: { pid, control }, ...this.#reachedBy(node.name) }];
    });
    return {
      entry: this.entry,
      nodes,
      links: LINKS.map(({ from, to, protocol }) => {
        const name = linkName({ from, to });
        return { name, from, to, protocol, toxiproxy: { api: this.url(FAULT_PROXY), proxy: name } };
      }),
      scrapes: this.#scrapes(),
      stores: this.#stores(),
    };
  }

  #reachedBy(node: string): Pick<TopologyNode, 'listens' | 'ops' | 'hooks'> {
    const address = `127.0.0.1:${this.port(node)}`;
    if (node === FAULT_PROXY) return {};
    if (!isRole(node)) return { listens: { address, protocol: 'postgres' } };
    const protocol = node === 'cache' ? 'redis' : 'http';
    return {
      listens: { address, protocol },
      ops: this.opsUrl(node),
      hooks: `http://127.0.0.1:${this.hooksPort(node)}`,
    };
  }

  #scrapes(): TopologyScrape[] {
    const roles = ROLE_NODES.map(({ name, role }) => {
      return { job: role, url: `${this.opsUrl(name)}/metrics`, labels: { node: name } };
    });
    const proxy = { job: 'fault-proxy', url: `${this.url(FAULT_PROXY)}/metrics`, labels: { node: FAULT_PROXY } };
    return [...roles, proxy];
  }

  #stores(): TopologyStore[] {
    const shards = SHARDS.map(({ node }): TopologyStore => {
      return { name: node, kind: 'postgres', holds: ['orders'], dsn: this.dsn(node, ORACLE_USER, 'postgres') };
    });
    const core = ['queue', 'catalog'].map((database): TopologyStore => {
      return { name: database, kind: 'postgres', holds: [database], dsn: this.dsn(CORE_DB, ORACLE_USER, database) };
    });
    const cache: TopologyStore = {
      name: 'cache',
      kind: 'redis',
      holds: ['cache'],
      dsn: `redis://127.0.0.1:${this.port('cache')}`,
    };
    return [...shards, ...core, cache];
  }
}

function isRole(node: string): boolean {
  return ROLE_NODES.some(({ name }) => name === node);
}

function hooksOf(role: string): string {
  return `${role} hooks`;
}
