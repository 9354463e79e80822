import { roundTrip } from '../../../chaos/probe.ts';
import { composeFiles } from '../../../target-app/compose/files.ts';
import { COMPOSE_NODES, COMPOSE_SHARDS, isIn, type Profile } from '../../../target-app/compose/layout.ts';
import { probePage, probeReadyz, probeSql } from '../../../target-app/supervisor/probes.ts';
import { ensureProxies, readRoutes } from './ensure-proxies.ts';
import type { StackPorts } from './stack-ports.ts';
import { portOf } from './stack-topology.ts';

/** What it takes to call a part of the stack ready. `check` throws with the reason while it is not. */
export interface PartCheck {
  node: string;
  check(signal: AbortSignal): Promise<void>;
}

/** All parts, each by a question of its own, asked from outside: slow health checks of containers are not waited for. */
export function partChecks(profiles: readonly Profile[], ports: StackPorts): PartCheck[] {
  const address = (node: string, use: Parameters<typeof portOf>[2]) => `127.0.0.1:${portOf(ports, node, use)}`;
  const dsn = (node: string, database = 'postgres') => `postgres://postgres@${address(node, 'postgres')}/${database}`;
  const api = `http://${address('fault-proxy', 'api')}`;
  const routes = readRoutes(composeFiles()['toxiproxy/proxies.json'] ?? '[]');
  return COMPOSE_NODES.filter((node) => isIn(node, profiles)).map(({ name, role }): PartCheck => {
    const check = async (signal: AbortSignal): Promise<void> => {
      switch (role) {
        case 'edge':
          return probePage(`http://${address(name, name === 'edge' ? 'entry' : 'http')}/`);
        case 'lb':
          return probePage(`http://${address(name, 'metrics')}/metrics`);
        case 'broker':
          await roundTrip(address(name, 'amqp'), 'amqp', signal);
          return probePage(`http://${address(name, 'metrics')}/metrics`);
        case 'cache':
          await roundTrip(address(name, 'redis'), 'redis', signal);
          return;
        case 'database':
          return probeSql(dsn(name, 'catalog'), 'SELECT 1 FROM products LIMIT 1');
        case 'shard':
          return probeSql(dsn(name), 'SELECT 1 FROM shard_meta');
        case 'standby': {
          // Asked of its primary, which is the one that waits for it.
          const primary = COMPOSE_SHARDS.find(({ standby }) => standby === name)?.node ?? '';
          return probeSql(dsn(primary), `SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'`);
        }
        case 'fault-proxy':
          return ensureProxies(api, routes, signal);
        case 'grafana':
          return probePage(`http://${address(name, 'http')}/api/health`);
        case 'prometheus':
        case 'alertmanager':
          return probePage(`http://${address(name, 'http')}/-/ready`);
        default:
          return probeReadyz(`http://${address(name, 'http')}`, true);
      }
    };
    return { node: name, check };
  });
}
