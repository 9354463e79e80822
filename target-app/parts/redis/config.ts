import type { Address } from '../address.ts';

export interface RedisOptions {
  listen: Address;
  folder: string;
  maxMemoryMb?: number;
}

/** `redis.conf` for the cache of the shop. It holds copies only, so nothing of it is written to disk. */
export function redisConfig({ listen, folder, maxMemoryMb = 64 }: RedisOptions): string {
  return `# Made by target-app/parts/redis/config.ts
bind ${listen.host}
port ${listen.port}
protected-mode no
daemonize no
dir ${folder}
save ""
appendonly no
maxmemory ${maxMemoryMb}mb
maxmemory-policy allkeys-lru
loglevel warning
`;
}
