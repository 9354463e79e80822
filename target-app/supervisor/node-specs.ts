import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../parts/binaries.ts';
import { exporterTargets } from './exporter-targets.ts';
import { faultProxyArgs, type ProxyRoute, populate } from './fault-proxy.ts';
import { CORE_DB, FAULT_PROXY, type Layout, type RoleNode, SHARDS } from './layout.ts';
import { linkName } from './links.ts';
import type { NodeSpec } from './node-spec.ts';
import { postgresArgs, type Replication } from './postgres-args.ts';
import type { PostgresHome } from './postgres-home.ts';
import { probeReadyz, probeSql } from './probes.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

interface RoleOptions {
  layout: Layout;
  mutants: readonly string[];
  compileCache: string;
  /** Of the real parts, by node. */
  folders: (node: string) => string;
}

/** A role of this program, told where to listen and whom to talk to: always the near end of a link. */
export function roleSpec({ name, role }: RoleNode, { layout, mutants, compileCache, folders }: RoleOptions): NodeSpec {
  const via = (to: string) => layout.url(`${name}->${to}`);
  const shards = () => {
    return SHARDS.map(
      ({ name: shard, node }) => `${shard}=${layout.dsn(`${name}->${node}`, 'app', 'postgres')}`,
    ).join();
  };
  const queue = () => (layout.parts.queue === 'rabbitmq' ? layout.amqp(`${name}->broker`) : via('broker'));
  const core = (database: string) => layout.dsn(`${name}->${CORE_DB}`, 'app', database);
  const flags = (): Record<string, string> => {
    switch (role) {
      case 'edge':
        return { lb: via('lb') };
      case 'lb': {
        const gateways = ['gateway-1', 'gateway-2'];
        return { backends: gateways.map((node) => `${node}=${via(node)}=${layout.url(node)}`).join() };
      }
      case 'gateway':
        return {
          orders: via('orders'),
          catalog: via('catalog'),
          jobs: via(layout.parts.queue === 'rabbitmq' ? 'worker-1' : 'broker'),
        };
      case 'orders':
        return { shards: shards(), mutants: mutants.join() };
      case 'catalog':
        return { database: core('catalog'), cache: `redis://127.0.0.1:${layout.port('catalog->cache')}` };
      case 'relay':
        return { shards: shards(), queue: queue() };
      case 'broker':
        return { database: core('queue') };
      case 'worker':
        return { queue: queue(), database: core('queue') };
      case 'exporter':
        return { targets: exporterTargets(layout, folders), varnishstat: findProgram('varnishstat') ?? 'varnishstat' };
      case 'cache':
        return { httpPort: String(layout.port('cache http')) };
      default:
        return role satisfies never;
    }
  };
  const own = { name, port: String(layout.port(name)), ...flags() };
  return {
    name,
    role,
    command: process.execPath,
    args: [MAIN, role, ...Object.entries(own).map(([key, value]) => `--${kebabCase(key)}=${value}`)],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: compileCache,
      // Loopback only, and nobody else sets it: see fault-hooks/server.ts.
      FAULT_HOOKS_PORT: String(layout.hooksPort(name)),
    },
    tether: 'ipc',
    stopSignal: 'SIGTERM',
    expectation: 'become ready',
    probe: (strict) => probeReadyz(layout.opsUrl(name), strict),
  };
}

/** The server behind all links. Each time it starts it is told its proxies, so a restart brings the links back. */
export function faultProxySpec(command: readonly [string, ...string[]], layout: Layout): NodeSpec {
  const [program, ...args] = command;
  const routes = layout.links.map((link): ProxyRoute => {
    const name = linkName(link);
    return { name, listen: `127.0.0.1:${layout.port(name)}`, upstream: `127.0.0.1:${layout.port(link.to)}` };
  });
  return {
    name: FAULT_PROXY,
    role: 'fault-proxy',
    command: program === 'node' ? process.execPath : program,
    args: faultProxyArgs(args, layout.port(FAULT_PROXY)),
    tether: 'stdin',
    stopSignal: 'SIGTERM',
    expectation: 'make its proxies',
    probe: () => populate(layout.url(FAULT_PROXY), routes),
  };
}

interface DatabaseOptions {
  name: string;
  role: 'shard' | 'standby' | 'database';
  region?: string;
  folder: string;
  replication: Replication;
  home: PostgresHome;
  layout: Layout;
}

export function databaseSpec({ name, role, region, folder, replication, home, layout }: DatabaseOptions): NodeSpec {
  const dsn = layout.dsn(name, 'postgres', 'postgres');
  return {
    name,
    role,
    ...(region === undefined ? {} : { region }),
    command: join(home.bin, 'postgres'),
    args: postgresArgs(folder, layout.port(name), replication),
    folder,
    ...(home.uid === undefined ? {} : { uid: home.uid }),
    tether: 'none',
    // A fast shutdown: connections are closed, what is committed is kept.
    stopSignal: 'SIGINT',
    expectation: replication.kind === 'standby' ? 'follow its primary' : 'accept connections',
    probe: (strict) => {
      // The first start waits for the stream; later a standby whose link is cut is up all the same.
      const follows = strict && replication.kind === 'standby';
      return probeSql(dsn, follows ? `SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'` : 'SELECT 1');
    },
  };
}

function kebabCase(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
