import { Redis } from 'ioredis';

/** A cache that may be gone at any time. `undefined` from `get` and `false` from `set` mean it could not be asked. */
export interface RemoteCache {
  get(key: string): Promise<string | null | undefined>;
  set(key: string, value: string, ttlMs: number): Promise<boolean>;
  close(): void;
}

/** A cache that answers later than this is no cache. */
const COMMAND_TIMEOUT_MS = 250;

/** Fails at once while there is no connection, and keeps trying to get one in the background. */
export function connectCache(url: string): RemoteCache {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (tries) => Math.min(tries * 50, 1_000),
  });
  // Every failed try is an event; whoever asks the cache sees that it does not answer.
  redis.on('error', () => {});

  return {
    async get(key) {
      try {
        return await redis.get(key);
      } catch {
        return undefined;
      }
    },
    async set(key, value, ttlMs) {
      try {
        return (await redis.set(key, value, 'PX', ttlMs)) === 'OK';
      } catch {
        return false;
      }
    },
    close() {
      redis.disconnect();
    },
  };
}

/** The text of INFO. @throws when it cannot be had */
export async function readRedisInfo(url: string): Promise<string> {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: 1_000,
    retryStrategy: () => null,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await redis.info();
  } finally {
    redis.disconnect();
  }
}
