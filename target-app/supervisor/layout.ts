import type { Address } from '../parts/address.ts';
import type { PartChoice, Port } from '../parts/choice.ts';
import type { Topology, TopologyNode, TopologyScrape, TopologyStore } from '../topology.ts';
import { linkName, linksOf, type PlannedLink } from './links.ts';
import type { PortReservation } from './ports.ts';
import { StartFailure } from './start-failure.ts';

/** The order shards, each a primary with a synchronous standby. */
export const SHARDS = [
  { name: 'eu-0', region: 'eu', node: 'shard-eu-0', standby: 'shard-eu-0-standby' },
  { name: 'us-0', region: 'us', node: 'shard-us-0', standby: 'shard-us-0-standby' },
] as const;

const ROLE_NODES = [
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

const EXPORTER = { name: 'exporter', role: 'exporter' } as const;

export type RoleNode = (typeof ROLE_NODES)[number] | typeof EXPORTER;

/** The ports of the shop, and the node that stands at each: a scenario names nodes, whatever part they are. */
const NODE_OF_PORT = { queue: 'broker', cache: 'cache', lb: 'lb', edge: 'edge' } as const satisfies Record<
  Port,
  string
>;

export type RealPart = Exclude<PartChoice[Port], 'embedded'>;
export type PartNode = { name: (typeof NODE_OF_PORT)[Port]; role: string; part: RealPart };

/** The nodes that are roles of this program. */
export function roleNodes(parts: PartChoice): RoleNode[] {
  const real = new Set<string>(partNodes(parts).map(({ name }) => name));
  // Real parts need somebody to speak for them, and for the databases beside them.
  return [...ROLE_NODES.filter(({ name }) => !real.has(name)), ...(real.size > 0 ? [EXPORTER] : [])];
}

/** The nodes that are real parts. */
export function partNodes(parts: PartChoice): PartNode[] {
  const ports: Port[] = ['edge', 'lb', 'queue', 'cache'];
  return ports.flatMap((port): PartNode[] => {
    const part = parts[port];
    const name = NODE_OF_PORT[port];
    return part === 'embedded' ? [] : [{ name, role: name, part }];
  });
}

/** Beside the one a node serves on, by what for. */
const FURTHER_PORTS: Record<RealPart | 'embedded cache', readonly string[]> = {
  'embedded cache': ['http'],
  haproxy: ['metrics', 'runtime'],
  varnish: [],
  nginx: ['status'],
  redis: [],
  rabbitmq: ['metrics', 'epmd', 'distribution'],
};

/** The user and password of the shop's RabbitMQ, which only this machine can reach. */
export const RABBITMQ_LOGIN = { user: 'shop', password: 'shop' };

export const CORE_DB = 'core-db';
export const FAULT_PROXY = 'fault-proxy';

/** The superuser: an oracle must get in even when the target has used up the connections of ordinary roles. */
const ORACLE_USER = 'postgres';

/**
 * Who listens where. Every port is chosen before anything starts, so that everything can start at the same time and a
 * node that is started again is where it was.
 */
export class Layout {
  readonly parts: PartChoice;
  readonly links: readonly PlannedLink[];
  readonly #ports: ReadonlyMap<string, number>;

  private constructor(parts: PartChoice, links: readonly PlannedLink[], ports: ReadonlyMap<string, number>) {
    this.parts = parts;
    this.links = links;
    this.#ports = ports;
  }

  /** @throws StartFailure when the port that was asked for is taken */
  static async choose(reservation: PortReservation, entryPort: number | undefined, parts: PartChoice): Promise<Layout> {
    const links = linksOf(parts);
    const ports = new Map<string, number>();
    if (entryPort !== undefined) {
      if (!(await reservation.takeThis(entryPort))) {
        throw new StartFailure('edge', `port ${entryPort} is taken; give another one with --port, or none`);
      }
      ports.set('edge', entryPort);
    }
    const databases = SHARDS.flatMap(({ node, standby }) => [node, standby]);
    const roles = roleNodes(parts).flatMap(({ name }) => [name, hooksOf(name)]);
    const real = partNodes(parts).map(({ name }) => name);
    const further = [...roleNodes(parts), ...partNodes(parts)].flatMap(({ name }) => furtherPorts(parts, name));
    const served = [...roles, ...real, ...further];
    for (const name of [...served, ...databases, CORE_DB, FAULT_PROXY, ...links.map(linkName)]) {
      if (!ports.has(name)) ports.set(name, await reservation.take());
    }
    return new Layout(parts, links, ports);
  }

  /** Of a node, of a link, or of a node for something else: `cache http`, `lb metrics`, `orders hooks`. */
  port(name: string): number {
    const port = this.#ports.get(name);
    if (port === undefined) throw new Error(`nothing called "${name}" has a port`);
    return port;
  }

  /** Ports that must be free before a node starts: its own and, for the fault proxy, those of all links. */
  portsOf(node: string): number[] {
    const names = node === FAULT_PROXY ? this.links.map(linkName) : furtherPorts(this.parts, node);
    const own = [node, ...names].map((name) => this.port(name));
    return this.#isRole(node) ? [...own, this.hooksPort(node)] : own;
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

  address(name: string): Address {
    return { host: '127.0.0.1', port: this.port(name) };
  }

  /** Of RabbitMQ, by the port it is reached at. */
  amqp(name: string): string {
    const { user, password } = RABBITMQ_LOGIN;
    return `amqp://${user}:${password}@127.0.0.1:${this.port(name)}/`;
  }

  dsn(name: string, user: string, database: string): string {
    return `postgres://${user}@127.0.0.1:${this.port(name)}/${database}`;
  }

  get entry(): string {
    return this.url('edge');
  }

  topology(control: string, pidOf: (node: string) => number | undefined): Topology {
    const nodes = [
      ...roleNodes(this.parts),
      ...partNodes(this.parts).map(({ name, role }) => ({ name, role })),
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
      links: this.links.map(({ from, to, protocol }) => {
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
    const part = partNodes(this.parts).find(({ name }) => name === node);
    if (!part && !this.#isRole(node)) return { listens: { address, protocol: 'postgres' } };
    const protocol = node === 'cache' ? 'redis' : part?.part === 'rabbitmq' ? 'amqp' : 'http';
    if (part) return { listens: { address, protocol } };
    return {
      listens: { address, protocol },
      ops: this.opsUrl(node),
      hooks: `http://127.0.0.1:${this.hooksPort(node)}`,
    };
  }

  #scrapes(): TopologyScrape[] {
    const scrape = (job: string, node: string, url: string) => ({ job, url, labels: { node } });
    const exported = (job: string, node: string) => scrape(job, node, `${this.url('exporter')}/metrics/${node}`);
    const parts = partNodes(this.parts).map(({ name, part }) => {
      return part === 'haproxy' || part === 'rabbitmq'
        ? scrape(part, name, `${this.url(`${name} metrics`)}/metrics`)
        : exported(part, name);
    });
    const databases = parts.length === 0 ? [] : this.databases.map((node) => exported('postgres', node));
    return [
      ...roleNodes(this.parts).map(({ name, role }) => scrape(role, name, `${this.opsUrl(name)}/metrics`)),
      scrape('fault-proxy', FAULT_PROXY, `${this.url(FAULT_PROXY)}/metrics`),
      ...parts,
      ...databases,
    ];
  }

  get databases(): string[] {
    return [...SHARDS.flatMap(({ node, standby }) => [node, standby]), CORE_DB];
  }

  #stores(): TopologyStore[] {
    const shards = SHARDS.map(({ node }): TopologyStore => {
      return { name: node, kind: 'postgres', holds: ['orders'], dsn: this.dsn(node, ORACLE_USER, 'postgres') };
    });
    const standbys = SHARDS.map(({ standby }): TopologyStore => {
      return { name: standby, kind: 'postgres', holds: ['replica'], dsn: this.dsn(standby, ORACLE_USER, 'postgres') };
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
    const queue: TopologyStore = { name: 'broker', kind: 'amqp', holds: ['messages'], dsn: '' };
    const messages = this.parts.queue === 'rabbitmq' ? [{ ...queue, dsn: this.amqp('broker') }] : [];
    return [...shards, ...standbys, ...core, cache, ...messages];
  }

  #isRole(node: string): boolean {
    return roleNodes(this.parts).some(({ name }) => name === node);
  }
}

function hooksOf(role: string): string {
  return `${role} hooks`;
}

function furtherPorts(parts: PartChoice, node: string): string[] {
  const part = partNodes(parts).find(({ name }) => name === node)?.part;
  const key = part ?? (node === 'cache' ? 'embedded cache' : undefined);
  return key === undefined ? [] : FURTHER_PORTS[key].map((purpose) => `${node} ${purpose}`);
}
