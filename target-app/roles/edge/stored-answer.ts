import type { IncomingHttpHeaders } from 'node:http';
import { forwardedHeaders } from '../../service/forwarded-headers.ts';
import { parseCacheControl } from './cache-control.ts';

/** An answer of the origin in the cache, made ready to be sent: the hit path only adds `Age` and `Cache-Status`. */
export interface StoredAnswer {
  /** Name, value, name, value, ... as `writeHead` takes them. */
  headerPairs: string[];
  headers: IncomingHttpHeaders;
  body: Buffer;
  etag: string | undefined;
  /** When its age was 0, by our clock. */
  bornAtMs: number;
  freshUntilMs: number;
  whileRevalidateUntilMs: number;
  ifErrorUntilMs: number;
  /** After a failed refresh the origin is left alone until then. */
  retryAtMs: number;
}

export type Freshness = 'fresh' | 'stale-while-revalidate' | 'stale';

export function freshness(stored: StoredAnswer, nowMs: number): Freshness {
  if (nowMs < stored.freshUntilMs) return 'fresh';
  return nowMs < stored.whileRevalidateUntilMs ? 'stale-while-revalidate' : 'stale';
}

/** Whole seconds since the origin made it (RFC 9111 section 4.2.3). */
export function ageSec(stored: StoredAnswer, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - stored.bornAtMs) / 1000));
}

/** Whole seconds of freshness left, negative once it is stale: RFC 9211's `ttl`. */
export function ttlSec(stored: StoredAnswer, nowMs: number): number {
  return Math.floor((stored.freshUntilMs - nowMs) / 1000);
}

/** `undefined` when a shared cache may not keep it. Only a 200 that says how long it stays fresh is kept. */
export function storeAnswer(
  statusCode: number,
  headers: IncomingHttpHeaders,
  body: Buffer,
  nowMs: number,
): StoredAnswer | undefined {
  const control = parseCacheControl(headers['cache-control']);
  if (statusCode !== 200 || !control.mayStore || control.freshSec === undefined) return undefined;
  // One variant is kept for each URL, and what sets a cookie is meant for one user.
  if (headers.vary !== undefined || headers['set-cookie'] !== undefined) return undefined;
  // A request's id is no property of the answer that others get.
  const { age, 'x-request-id': _id, ...kept } = headers;
  const headerPairs = Object.entries(forwardedHeaders(kept)).flatMap(([name, value]) => [name, String(value)]);
  headerPairs.push('content-length', String(body.length));
  const bornAtMs = nowMs - 1000 * (Number(age) || 0);
  const freshUntilMs = bornAtMs + 1000 * control.freshSec;
  return {
    headerPairs,
    headers: kept,
    body,
    etag: headers.etag,
    bornAtMs,
    freshUntilMs,
    whileRevalidateUntilMs: freshUntilMs + 1000 * control.staleWhileRevalidateSec,
    ifErrorUntilMs: freshUntilMs + 1000 * control.staleIfErrorSec,
    retryAtMs: 0,
  };
}

/** A 304 makes what is stored fresh again, with the headers it brings (RFC 9111 section 4.3.4). */
export function refreshAnswer(
  stored: StoredAnswer,
  headers: IncomingHttpHeaders,
  nowMs: number,
): StoredAnswer | undefined {
  const news = Object.entries(headers).filter(([name]) => !name.startsWith('content-'));
  return storeAnswer(200, { ...stored.headers, ...Object.fromEntries(news) }, stored.body, nowMs);
}
