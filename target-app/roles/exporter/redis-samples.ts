import { readRedisInfo } from '../../service/redis.ts';
import type { Collector, Sample } from './sample.ts';

/** Field of INFO, and the name redis_exporter gives it. */
const FIELDS: readonly [field: string, name: string, type: Sample['type']][] = [
  ['uptime_in_seconds', 'redis_uptime_in_seconds', 'gauge'],
  ['connected_clients', 'redis_connected_clients', 'gauge'],
  ['blocked_clients', 'redis_blocked_clients', 'gauge'],
  ['used_memory', 'redis_memory_used_bytes', 'gauge'],
  ['maxmemory', 'redis_memory_max_bytes', 'gauge'],
  ['total_connections_received', 'redis_connections_received_total', 'counter'],
  ['total_commands_processed', 'redis_commands_processed_total', 'counter'],
  ['keyspace_hits', 'redis_keyspace_hits_total', 'counter'],
  ['keyspace_misses', 'redis_keyspace_misses_total', 'counter'],
  ['evicted_keys', 'redis_evicted_keys_total', 'counter'],
  ['expired_keys', 'redis_expired_keys_total', 'counter'],
];

export function redisCollector(url: string): Collector {
  return {
    up: 'redis_up',
    collect: async () => redisSamples(await readRedisInfo(url)),
    close: async () => {},
  };
}

/** From the text of INFO. */
export function redisSamples(info: string): Sample[] {
  const fields = new Map(info.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(':')), afterColon(line)]));
  const known = FIELDS.flatMap(([field, name, type]): Sample[] => {
    const value = Number(fields.get(field));
    return fields.has(field) && Number.isFinite(value) ? [{ name, type, value }] : [];
  });
  const keys = [...fields].flatMap(([db, text]): Sample[] => {
    const count = /^db\d+$/.test(db) ? /keys=(\d+)/.exec(text)?.[1] : undefined;
    return count === undefined ? [] : [{ name: 'redis_db_keys', type: 'gauge', value: Number(count), labels: { db } }];
  });
  return [...known, ...keys];
}

function afterColon(line: string): string {
  return line.slice(line.indexOf(':') + 1);
}
