import { describe, expect, test } from 'vitest';
import { BUCKETS, makeShardMap, murmur32, routeUser } from './shard-map.ts';

describe('the shard map', () => {
  // Values of the reference implementation (SMHasher, MurmurHash3_x86_32, seed 0).
  test.each([
    ['', 0],
    ['a', 0x3c2569b2],
    ['hello', 0x248bfa47],
    ['hello, world', 0x149bbb7f],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ])('hashes %j as the reference does', (text, hash) => {
    expect(murmur32(text)).toBe(hash);
  });

  test('keeps every user of a region on a shard of that region, and the same user always on the same one', () => {
    const map = makeShardMap(['us-0', 'eu-1', 'eu-0'], 1);
    for (let user = 0; user < 1_000; user++) {
      const route = routeUser(map, `eu-${user}`);
      expect(route).toMatchObject({ kind: 'shard', shard: expect.stringMatching(/^eu-/) });
      expect(routeUser(map, `eu-${user}`)).toEqual(route);
    }
  });

  test('spreads users over the shards of a region within 10 % of even', () => {
    const map = makeShardMap(['eu-0', 'eu-1'], 1);
    const users = 20_000;
    let first = 0;
    for (let user = 0; user < users; user++) {
      const route = routeUser(map, `eu-${user}`);
      if (route.kind === 'shard' && route.shard === 'eu-0') first++;
    }
    expect(Math.abs(first / users - 0.5)).toBeLessThan(0.05);
  });

  test('leaves none of the four shards of the big stack without orders', () => {
    const map = makeShardMap(['eu-0', 'us-0', 'eu-1', 'us-1'], 1);
    const orders = new Map<string, number>();
    for (let user = 0; user < 100; user++) {
      for (const region of ['eu', 'us']) {
        const route = routeUser(map, `${region}-${user}`);
        if (route.kind === 'shard') orders.set(route.shard, (orders.get(route.shard) ?? 0) + 1);
      }
    }
    expect([...orders.keys()].sort()).toEqual(['eu-0', 'eu-1', 'us-0', 'us-1']);
    expect(Math.min(...orders.values())).toBeGreaterThan(25);
  });

  test('gives each region all buckets', () => {
    const map = makeShardMap(['eu-0', 'us-0'], 3);
    expect(map.epoch).toBe(3);
    for (const buckets of map.regions.values()) expect(buckets).toHaveLength(BUCKETS);
  });

  test.each(['ap-1', 'nodash', '', '-1'])('knows no region in %j, and says which it knows', (userId) => {
    const map = makeShardMap(['eu-0', 'us-0'], 1);
    expect(routeUser(map, userId)).toEqual({ kind: 'unknown-region', known: ['eu', 'us'] });
  });
});
