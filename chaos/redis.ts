import { Redis } from 'ioredis';
import { Unreachable } from './unreachable.ts';

/** What a fault asks of a Redis, past the system under test. */
export interface RedisServer {
  keys(): Promise<number>;
  set(key: string, ttlMs: number): Promise<void>;
  has(key: string): Promise<boolean>;
  flush(): Promise<void>;
}

/** A connection of its own, closed when `use` is done. Nobody there is told apart from a refusal. */
export async function withRedis<Result>(dsn: string, use: (server: RedisServer) => Promise<Result>): Promise<Result> {
  const client = new Redis(dsn, {
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  try {
    await client.connect().catch((error: unknown) => {
      throw new Unreachable(`the cache at ${new URL(dsn).host}`, error);
    });
    return await use({
      keys: () => client.dbsize(),
      async set(key, ttlMs) {
        await client.set(key, '1', 'PX', ttlMs);
      },
      has: async (key) => (await client.exists(key)) > 0,
      async flush() {
        await client.flushall();
      },
    });
  } finally {
    client.disconnect();
  }
}

const PATIENCE_MS = 3_000;
