/** Many more buckets than shards, so that a shard can be split later without touching the hash. */
export const BUCKETS = 256;

/**
 * Which shard holds a user. The region in front of the user's id chooses the group of shards, a hash of the whole id the
 * bucket, and the map says where the bucket lives. Every change of the map raises the epoch, and a shard refuses writes
 * that come with another one.
 */
export interface ShardMap {
  epoch: number;
  /** Region -> the shard of each bucket. */
  regions: ReadonlyMap<string, readonly string[]>;
}

export type Route = { kind: 'shard'; shard: string; bucket: number } | { kind: 'unknown-region'; known: string[] };

/** Buckets dealt in turn to the shards of each region; a shard's region is its name before the dash (`eu-0`). */
export function makeShardMap(shards: readonly string[], epoch: number): ShardMap {
  const groups = Map.groupBy([...shards].sort(), (shard) => shard.slice(0, shard.indexOf('-')));
  const regions = new Map<string, string[]>();
  for (const [region, members] of groups) {
    regions.set(
      region,
      Array.from({ length: BUCKETS }, (_, bucket) => members[bucket % members.length] ?? ''),
    );
  }
  return { epoch, regions };
}

export function routeUser(map: ShardMap, userId: string): Route {
  const buckets = map.regions.get(userId.slice(0, userId.indexOf('-')));
  const bucket = murmur32(userId) % BUCKETS;
  const shard = buckets?.[bucket];
  if (shard === undefined) return { kind: 'unknown-region', known: [...map.regions.keys()] };
  return { kind: 'shard', shard, bucket };
}

/** MurmurHash3 x86 32 bit, seed 0 (Austin Appleby, public domain), over UTF-8. */
export function murmur32(text: string): number {
  const bytes = Buffer.from(text);
  const rest = bytes.length & 3;
  const end = bytes.length - rest;
  let hash = 0;
  for (let at = 0; at < end; at += 4) {
    hash ^= scramble(bytes.readUInt32LE(at));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (rest > 0) hash ^= scramble(bytes.readUIntLE(end, rest));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
