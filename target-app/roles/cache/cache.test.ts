import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningRole } from '../../service/role.ts';
import { cache } from './cache.ts';
import { LruStore } from './lru-store.ts';

describe('the cache, as a Redis client sees it', () => {
  let running: RunningRole;
  let redis: Redis;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    running = await cache.start({ name: 'cache', host: '127.0.0.1', port, httpPort: await freePort() });
    redis = new Redis(port, '127.0.0.1');
  });
  afterAll(async () => {
    redis.disconnect();
    await running.stop();
  });

  test('sets, reads and deletes', async () => {
    expect(await redis.ping()).toBe('PONG');
    expect(await redis.set('k', 'välue')).toBe('OK');
    expect(await redis.get('k')).toBe('välue');
    expect(await redis.mget('k', 'none')).toEqual(['välue', null]);
    expect(await redis.exists('k', 'none', 'k')).toBe(2);
    expect(await redis.del('k', 'none')).toBe(1);
    expect(await redis.get('k')).toBeNull();
  });

  test('honours NX and XX', async () => {
    expect(await redis.set('nx', '1', 'NX')).toBe('OK');
    expect(await redis.set('nx', '2', 'NX')).toBeNull();
    expect(await redis.set('xx', '1', 'XX')).toBeNull();
    expect(await redis.set('nx', '3', 'XX')).toBe('OK');
    expect(await redis.get('nx')).toBe('3');
  });

  test('ends keys in time', async () => {
    await redis.set('short', '1', 'PX', 40);
    await redis.set('long', '1', 'EX', 100);
    await redis.set('ever', '1');
    expect(await redis.ttl('long')).toBeGreaterThan(98);
    expect(await redis.ttl('ever')).toBe(-1);
    expect(await redis.ttl('none')).toBe(-2);
    expect(await redis.pexpire('ever', 40)).toBe(1);
    expect(await redis.expire('none', 1)).toBe(0);
    await expect.poll(() => redis.exists('short', 'ever'), { timeout: 5_000 }).toBe(0);
    expect(await redis.exists('long')).toBe(1);
  });

  test('counts, and says so when it cannot', async () => {
    expect(await redis.incr('n')).toBe(1);
    expect(await redis.incr('n')).toBe(2);
    await redis.set('text', 'abc');
    await expect(redis.incr('text')).rejects.toThrow('ERR value is not an integer or out of range');
  });

  test('answers a pipeline in order, errors among them', async () => {
    const results = await redis.pipeline().set('p', '1').call('NOSUCH').get('p').dbsize().exec();
    expect(results?.map(([error, value]) => error?.message ?? value)).toEqual([
      'OK',
      "ERR unknown command 'NOSUCH'",
      '1',
      expect.any(Number),
    ]);
  });

  test('forgets everything when told to', async () => {
    await redis.set('k', 'v');
    expect(await redis.flushall()).toBe('OK');
    expect(await redis.dbsize()).toBe(0);
  });

  test('closes the connection of a client that breaks the protocol, and no other', async () => {
    const { connect } = await import('node:net');
    const rude = connect(port, '127.0.0.1');
    const heard: Buffer[] = [];
    rude.on('data', (chunk) => heard.push(Buffer.from(chunk)));
    rude.write('*1\r\n:1\r\n');
    await new Promise((resolve) => rude.once('close', resolve));
    expect(Buffer.concat(heard).toString()).toBe("-ERR Protocol error: expected '$', got ':'\r\n");
    expect(await redis.ping()).toBe('PONG');
  });
});

describe('the store of the cache', () => {
  test('makes room by dropping what was used longest ago', () => {
    const store = new LruStore(1_000, () => 0);
    store.set('a', Buffer.alloc(200));
    store.set('b', Buffer.alloc(200));
    store.get('a');
    store.set('c', Buffer.alloc(200));
    expect([store.has('a'), store.has('b'), store.has('c')]).toEqual([true, false, true]);
    expect(store.evicted).toBe(1);
    expect(store.bytes).toBeLessThanOrEqual(1_000);
  });

  test('gives back the bytes of what ends, is overwritten or deleted', () => {
    const clock = { nowMs: 0 };
    const store = new LruStore(10_000, () => clock.nowMs);
    store.set('a', Buffer.alloc(100), 10);
    store.set('a', Buffer.alloc(50), 10);
    store.set('b', Buffer.alloc(100));
    clock.nowMs = 10;
    expect(store.get('a')).toBeUndefined();
    expect(store.delete('b')).toBe(true);
    expect([store.size, store.bytes]).toEqual([0, 0]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('expected a TCP port');
  return address.port;
}
