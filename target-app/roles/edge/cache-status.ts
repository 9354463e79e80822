import type { Served } from './http-cache.ts';
import { type StoredAnswer, ttlSec } from './stored-answer.ts';

type StoredHow = Extract<Served, { kind: 'stored' }>['how'];

/** The `Cache-Status` member (RFC 9211) of an answer that comes out of the cache. */
export function storedStatus(cache: string, how: StoredHow, stored: StoredAnswer, nowMs: number): string {
  const ttl = ttlSec(stored, nowMs);
  switch (how) {
    case 'hit':
      return `${cache}; hit; ttl=${ttl}`;
    case 'stale':
      return `${cache}; hit; ttl=${ttl}; detail=stale-while-revalidate`;
    case 'stale-error':
      return `${cache}; hit; ttl=${ttl}; detail=stale-if-error`;
    case 'revalidated':
      return `${cache}; fwd=stale; fwd-status=304; ttl=${ttl}`;
    case 'collapsed':
      return `${cache}; fwd=uri-miss; collapsed; ttl=${ttl}`;
    case 'miss':
      return `${cache}; fwd=uri-miss; fwd-status=200; stored; ttl=${ttl}`;
    default:
      return how satisfies never;
  }
}
