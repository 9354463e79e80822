import { counter } from '../../service/metrics.ts';
import type { RemoteCache } from '../../service/redis.ts';

const requests = counter('cache_requests_total', 'Reads through the cache.', ['cache', 'result']);
const waits = counter('cache_singleflight_waits_total', 'Reads that waited for another one of the same key.', [
  'cache',
]);

/**
 * Cache-aside: the cache, or else the source, which then fills the cache. Of concurrent reads of one key in this process
 * one goes, the others wait for it. A cache that is down is a slow cache, never an error.
 */
export class CachedRead {
  readonly #cache: RemoteCache;
  readonly #name: string;
  readonly #ttlMs: number;
  readonly #random: () => number;
  readonly #underway = new Map<string, Promise<string | undefined>>();

  constructor(cache: RemoteCache, name: string, ttlMs: number, random: () => number = Math.random) {
    this.#cache = cache;
    this.#name = name;
    this.#ttlMs = ttlMs;
    this.#random = random;
  }

  /** `undefined` when the source knows no such thing; that is not cached. @throws what `load` throws */
  async read(key: string, load: () => Promise<string | undefined>): Promise<string | undefined> {
    const known = this.#underway.get(key);
    if (known !== undefined) {
      waits.inc({ cache: this.#name });
      return await known;
    }
    const reading = this.#read(key, load).finally(() => this.#underway.delete(key));
    this.#underway.set(key, reading);
    return await reading;
  }

  async #read(key: string, load: () => Promise<string | undefined>): Promise<string | undefined> {
    const cached = await this.#cache.get(key);
    if (typeof cached === 'string') {
      requests.inc({ cache: this.#name, result: 'hit' });
      return cached;
    }
    requests.inc({ cache: this.#name, result: cached === null ? 'miss' : 'error' });
    const loaded = await load();
    // Jitter, so that what was filled together does not end together.
    const ttlMs = Math.round(this.#ttlMs * (0.8 + 0.4 * this.#random()));
    if (loaded !== undefined) void this.#cache.set(key, loaded, ttlMs);
    return loaded;
  }
}
