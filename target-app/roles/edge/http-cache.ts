import type { IncomingHttpHeaders } from 'node:http';
import type { UpstreamResult } from '../../service/upstream.ts';
import { AnswerStore } from './answer-store.ts';
import { freshness, refreshAnswer, type StoredAnswer, storeAnswer } from './stored-answer.ts';

/** How a GET was served. `stored` ones come from the cache, `origin` ones are the origin's answer or failure itself. */
export type Served =
  | {
      kind: 'stored';
      how: 'hit' | 'stale' | 'stale-error' | 'revalidated' | 'collapsed' | 'miss';
      stored: StoredAnswer;
    }
  | { kind: 'origin'; how: 'miss' | 'collapsed'; result: UpstreamResult };

/** Asks the origin for a URL; with an `etag`, conditionally. */
export type FetchOrigin = (url: string, etag: string | undefined) => Promise<UpstreamResult>;

type Fetched =
  | { kind: 'stored'; stored: StoredAnswer; revalidated: boolean }
  | { kind: 'unstorable'; result: UpstreamResult }
  | { kind: 'failed'; result: UpstreamResult };

/** After an origin failed, a stale copy is served at once for this long instead of asking again with each request. */
const ORIGIN_PAUSE_MS = 1_000;

interface HttpCacheOptions {
  maxEntries: number;
  maxBytes: number;
  nowMs: () => number;
}

/** A shared cache for GET: a subset of RFC 9111 with RFC 5861's stale answers and one fetch at a time for each URL. */
export class HttpCache {
  readonly #answers: AnswerStore;
  readonly #nowMs: () => number;
  readonly #underway = new Map<string, Promise<Fetched>>();

  constructor({ maxEntries, maxBytes, nowMs }: HttpCacheOptions) {
    this.#answers = new AnswerStore(maxEntries, maxBytes);
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#answers.size;
  }

  /** A fresh answer without a promise: the path most requests take. */
  lookup(url: string): StoredAnswer | undefined {
    const stored = this.#answers.get(url);
    return stored !== undefined && freshness(stored, this.#nowMs()) === 'fresh' ? stored : undefined;
  }

  async serve(url: string, fetchOrigin: FetchOrigin): Promise<Served> {
    const stored = this.#answers.get(url);
    if (stored === undefined) return await this.#miss(url, fetchOrigin);
    const nowMs = this.#nowMs();
    switch (freshness(stored, nowMs)) {
      case 'fresh':
        return { kind: 'stored', how: 'hit', stored };
      case 'stale-while-revalidate':
        if (nowMs >= stored.retryAtMs) void this.#fetch(url, stored, fetchOrigin);
        return { kind: 'stored', how: 'stale', stored };
      case 'stale':
        return await this.#stale(url, stored, fetchOrigin);
    }
  }

  async #miss(url: string, fetchOrigin: FetchOrigin): Promise<Served> {
    const underway = this.#underway.get(url);
    if (underway === undefined) {
      const fetched = await this.#fetch(url, undefined, fetchOrigin);
      if (fetched.kind === 'stored') return { kind: 'stored', how: 'miss', stored: fetched.stored };
      return { kind: 'origin', how: 'miss', result: fetched.result };
    }
    const fetched = await underway;
    switch (fetched.kind) {
      case 'stored':
        return { kind: 'stored', how: 'collapsed', stored: fetched.stored };
      case 'failed':
        // Everybody who waited gets the same failure: asking once for each of them is what an origin in trouble needs least.
        return { kind: 'origin', how: 'collapsed', result: fetched.result };
      case 'unstorable':
        return { kind: 'origin', how: 'miss', result: await fetchOrigin(url, undefined) };
    }
  }

  async #stale(url: string, stored: StoredAnswer, fetchOrigin: FetchOrigin): Promise<Served> {
    const nowMs = this.#nowMs();
    if (nowMs < stored.retryAtMs && nowMs < stored.ifErrorUntilMs)
      return { kind: 'stored', how: 'stale-error', stored };
    const fetched = await (this.#underway.get(url) ?? this.#fetch(url, stored, fetchOrigin));
    switch (fetched.kind) {
      case 'stored':
        return { kind: 'stored', how: fetched.revalidated ? 'revalidated' : 'miss', stored: fetched.stored };
      case 'failed':
        if (this.#nowMs() < stored.ifErrorUntilMs) return { kind: 'stored', how: 'stale-error', stored };
        return { kind: 'origin', how: 'miss', result: fetched.result };
      case 'unstorable':
        return { kind: 'origin', how: 'miss', result: fetched.result };
    }
  }

  /** The one fetch of a URL; whoever else wants it meanwhile finds it in `#underway`. */
  #fetch(url: string, stored: StoredAnswer | undefined, fetchOrigin: FetchOrigin): Promise<Fetched> {
    const underway = this.#underway.get(url);
    if (underway !== undefined) return underway;
    const fetching = fetchOrigin(url, stored?.etag).then((result) => {
      this.#underway.delete(url);
      return this.#keep(url, stored, result);
    });
    this.#underway.set(url, fetching);
    return fetching;
  }

  #keep(url: string, stored: StoredAnswer | undefined, result: UpstreamResult): Fetched {
    const nowMs = this.#nowMs();
    if (result.kind !== 'answer' || result.statusCode >= 500) {
      if (stored !== undefined) stored.retryAtMs = nowMs + ORIGIN_PAUSE_MS;
      return { kind: 'failed', result };
    }
    const revalidated = result.statusCode === 304 && stored !== undefined;
    const fresh = revalidated
      ? refreshAnswer(stored, result.headers, nowMs)
      : storeAnswer(result.statusCode, result.headers, result.body, nowMs);
    if (fresh === undefined) {
      this.#answers.delete(url);
      return { kind: 'unstorable', result: revalidated ? wholeAnswer(stored, result.headers) : result };
    }
    this.#answers.put(url, fresh);
    return { kind: 'stored', stored: fresh, revalidated };
  }
}

/** A 304 to our own question, for a client that did not ask one. */
function wholeAnswer(stored: StoredAnswer, headers: IncomingHttpHeaders): UpstreamResult {
  return { kind: 'answer', statusCode: 200, headers: { ...stored.headers, ...headers }, body: stored.body };
}
