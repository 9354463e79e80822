import { z } from 'zod';
import type { FaultKind, FaultTarget } from '../fault.ts';
import { proofWithin } from '../proof-within.ts';
import { withRedis } from '../redis.ts';
import { suggestion } from '../suggestion.ts';
import { leaseMs } from './lease.ts';

const params = z.strictObject({
  store: z.string().min(1).default('cache').describe('the cache, as the topology names its store; cache unless told'),
});

export type CacheFlushParams = z.input<typeof params>;

interface CacheTarget extends FaultTarget {
  dsn: string;
}

/**
 * A cache forgets everything at once, and its users ask whatever is behind it. A key that is set just before must be gone
 * afterwards: what fills the cache again then does not hide that it was emptied.
 */
export const cacheFlush: FaultKind<z.output<typeof params>, CacheTarget> = {
  kind: 'cache-flush',
  family: 'dependency',
  about: 'A cache forgets everything at once.',
  needs: "a Redis or compatible cache among the topology's stores",
  provenBy: 'a key set just before that is gone, and keys of others that were there',
  undoneBy: 'nothing: the cache fills again by itself',
  params,

  resolve({ store }, topology) {
    const caches = topology.stores.filter(({ kind }) => kind === 'redis');
    const found = caches.find(({ name }) => name === store);
    if (found) return { ok: true, targets: [{ name: store, takes: `store:${store}`, dsn: found.dsn }] };
    const names = caches.map(({ name }) => name);
    return { ok: false, problem: `no such cache '${store}'. ${suggestion(store, names)}` };
  },

  settings: () => 'FLUSHALL',
  undoOf: () => ({ step: 'nothing', why: 'the cache fills again by itself' }),
  baseline: ({ dsn }) => withRedis(dsn, async (server) => ({ count: await server.keys() })),

  apply: (_, { dsn }, { forMs }) =>
    withRedis(dsn, async (server) => {
      await server.set(MARK, leaseMs(forMs));
      await server.flush();
    }),

  lasts: () => false,

  async prove(_, { name, dsn }, { applied }, signal) {
    const had = applied.count ?? 0;
    return proofWithin(
      signal,
      () => `${name} did not answer`,
      () =>
        withRedis(dsn, async (server) => {
          const now = await server.keys();
          if (await server.has(MARK)) {
            return { proven: false, evidence: `${name} still holds what was set before it was flushed` };
          }
          const counts = `${name} held ${show(had)} keys, was emptied, holds ${show(now)} now`;
          if (had === 0) return { proven: false, evidence: `${counts}: there was nothing to forget` };
          return { proven: true, evidence: counts };
        }),
    );
  },
};

/** No two flushes of one cache at a time, so one name will do. */
const MARK = 'stampede:before-flush';

function show(keys: number): string {
  return keys.toLocaleString('en-US');
}
