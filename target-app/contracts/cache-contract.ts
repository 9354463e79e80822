import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectCache, type RemoteCache } from '../service/redis.ts';

export interface CacheUnderTest {
  url: string;
  kill(): Promise<void>;
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** What the catalog counts on, whichever cache there is. */
export function describeCacheContract(name: string, start: () => Promise<CacheUnderTest>): void {
  describe(`cache contract: ${name}`, () => {
    let part: CacheUnderTest;
    let cache: RemoteCache;
    beforeAll(async () => {
      part = await start();
      cache = connectCache(part.url);
      for (const untilMs = Date.now() + 10_000; (await cache.get('none')) !== null; await sleep(20)) {
        if (Date.now() > untilMs) throw new Error('the cache cannot be asked within 10 s');
      }
    }, 60_000);
    afterAll(async () => {
      cache?.close();
      await part?.stop();
    }, 30_000);

    test('gives back what was put in, text of any kind', async () => {
      const key = randomUUID();
      const value = '{"name":"Größe \\"M\\"","lines":"a\\r\\nb","empty":""}'.repeat(200);
      expect(await cache.set(key, value, 60_000)).toBe(true);
      expect(await cache.get(key)).toBe(value);
      expect(await cache.set(key, '', 60_000)).toBe(true);
      expect(await cache.get(key)).toBe('');
    });

    test('knows what it does not have from what it could not be asked', async () => {
      expect(await cache.get(randomUUID())).toBeNull();
    });

    test('forgets in time', async () => {
      const key = randomUUID();
      expect(await cache.set(key, 'short', 60)).toBe(true);
      await expect.poll(() => cache.get(key), { timeout: 5_000 }).toBeNull();
    });

    test('keeps the last of two values', async () => {
      const key = randomUUID();
      await Promise.all([cache.set(key, 'one', 60_000), cache.set(key, 'two', 60_000)]);
      expect(await cache.get(key)).toBe('two');
    });

    test('answers many at once, each with its own', async () => {
      const keys = Array.from({ length: 200 }, () => randomUUID());
      await Promise.all(keys.map((key) => cache.set(key, key, 60_000)));
      expect(await Promise.all(keys.map((key) => cache.get(key)))).toEqual(keys);
    });

    test('says at once that it cannot be asked while it is down, and can be when it is back', async () => {
      const key = randomUUID();
      await cache.set(key, 'before', 60_000);
      await part.kill();
      await expect.poll(() => cache.get(key), { timeout: 5_000 }).toBeUndefined();
      expect(await cache.set(key, 'meanwhile', 60_000)).toBe(false);
      await part.revive();
      await expect.poll(() => cache.set(key, 'after', 60_000), { timeout: 10_000 }).toBe(true);
      expect(await cache.get(key)).toBe('after');
    });

    test('has nothing left of what it held before it was killed: it holds copies only', async () => {
      const key = randomUUID();
      await cache.set(key, 'before', 60_000);
      await part.kill();
      await part.revive();
      await expect.poll(() => cache.get(key), { timeout: 10_000 }).toBeNull();
    });
  });
}
