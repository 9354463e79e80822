import { describe, expect, test } from 'vitest';
import type { UpstreamResult } from '../../service/upstream.ts';
import { HttpCache } from './http-cache.ts';

const CONTROL = 's-maxage=5, stale-while-revalidate=10, stale-if-error=60';

function answer(body: string, headers: Record<string, string> = {}, statusCode = 200): UpstreamResult {
  return {
    kind: 'answer',
    statusCode,
    headers: { 'cache-control': CONTROL, etag: `"${body}"`, ...headers },
    body: Buffer.from(body),
  };
}

/** A cache with a clock to turn, and an origin whose next answers are given in order. */
function setUp(...answers: UpstreamResult[]) {
  const clock = { nowMs: 1_000_000 };
  const cache = new HttpCache({ maxEntries: 2, maxBytes: 1_000, nowMs: () => clock.nowMs });
  const asked: { url: string; etag: string | undefined }[] = [];
  const origin = async (url: string, etag: string | undefined): Promise<UpstreamResult> => {
    asked.push({ url, etag });
    const next = answers[asked.length - 1];
    if (next === undefined) throw new Error(`the origin was asked more than ${answers.length} times`);
    return next;
  };
  const serve = async (url = '/a') => {
    const served = await cache.serve(url, origin);
    const body = served.kind === 'stored' ? served.stored.body.toString() : served.result.kind;
    return `${served.how}: ${body}`;
  };
  return { cache, clock, asked, origin, serve };
}

describe('the HTTP cache', () => {
  test('asks the origin once while the answer is fresh', async () => {
    const { clock, serve, cache } = setUp(answer('one'));
    expect(cache.lookup('/a')).toBeUndefined();
    expect(await serve()).toBe('miss: one');
    clock.nowMs += 4_999;
    expect(await serve()).toBe('hit: one');
    expect(cache.lookup('/a')?.body.toString()).toBe('one');
    clock.nowMs += 1;
    expect(cache.lookup('/a')).toBeUndefined();
  });

  test('serves the stale answer at once while it fetches the next one, once', async () => {
    const { clock, serve, asked } = setUp(answer('one'), answer('two'));
    await serve();
    clock.nowMs += 6_000;
    expect(await Promise.all([serve(), serve()])).toEqual(['stale: one', 'stale: one']);
    expect(await serve()).toBe('hit: two');
    expect(asked).toEqual([
      { url: '/a', etag: undefined },
      { url: '/a', etag: '"one"' },
    ]);
  });

  test('waits for the origin when the answer is too old, and keeps its body on a 304', async () => {
    const { clock, serve } = setUp(answer('one'), answer('', { etag: '"one"', 'content-type': 'x/wrong' }, 304));
    await serve();
    clock.nowMs += 16_000;
    expect(await serve()).toBe('revalidated: one');
    expect(await serve()).toBe('hit: one');
  });

  test('serves a stale answer instead of an error, and asks again only after a pause', async () => {
    const { clock, serve, asked } = setUp(answer('one'), answer('oops', {}, 503), answer('two'));
    await serve();
    clock.nowMs += 30_000;
    expect(await serve()).toBe('stale-error: one');
    expect(await serve()).toBe('stale-error: one');
    expect(asked).toHaveLength(2);
    clock.nowMs += 1_000;
    expect(await serve()).toBe('miss: two');
  });

  test('passes the error on once the answer is too old even for that', async () => {
    const { clock, serve } = setUp(answer('one'), { kind: 'timeout', sent: true });
    await serve();
    clock.nowMs += 65_001;
    expect(await serve()).toBe('miss: timeout');
  });

  test('collapses concurrent misses of one URL into one fetch', async () => {
    const { serve, asked } = setUp(answer('one'));
    expect(await Promise.all([serve(), serve(), serve()])).toEqual(['miss: one', 'collapsed: one', 'collapsed: one']);
    expect(asked).toHaveLength(1);
  });

  test('lets everybody fetch for themselves what may not be shared', async () => {
    const own = answer('own', { 'cache-control': 'private' });
    const { serve, asked } = setUp(own, own);
    await Promise.all([serve(), serve()]);
    expect(asked).toHaveLength(2);
  });

  test.each([
    ['no-store', answer('x', { 'cache-control': 'no-store, s-maxage=5' })],
    ['no word of how long', answer('x', { 'cache-control': 'public' })],
    ['a cookie', answer('x', { 'set-cookie': 'a=b' })],
    ['Vary', answer('x', { vary: 'accept' })],
    ['a 404', answer('x', {}, 404)],
  ])('does not keep an answer with %s', async (_what, unkept) => {
    const { serve, asked, cache } = setUp(unkept, unkept);
    await serve();
    await serve();
    expect(asked).toHaveLength(2);
    expect(cache.size).toBe(0);
  });

  test('counts the age an answer comes with', async () => {
    const { clock, serve, cache } = setUp(answer('one', { age: '3' }));
    await serve();
    clock.nowMs += 1_999;
    expect(cache.lookup('/a')).toBeDefined();
    clock.nowMs += 1;
    expect(cache.lookup('/a')).toBeUndefined();
  });

  test('prefers s-maxage, and never serves stale what must be revalidated', async () => {
    const strict = 'max-age=1, s-maxage=3, must-revalidate, stale-while-revalidate=10, stale-if-error=60';
    const { clock, serve } = setUp(answer('one', { 'cache-control': strict }), answer('oops', {}, 500));
    await serve();
    clock.nowMs += 2_999;
    expect(await serve()).toBe('hit: one');
    clock.nowMs += 1;
    expect(await serve()).toBe('miss: answer');
  });

  test('drops what was used longest ago when there is no room', async () => {
    const { serve, cache } = setUp(answer('a'), answer('b'), answer('c'));
    await serve('/a');
    await serve('/b');
    expect(await serve('/a')).toBe('hit: a');
    await serve('/c');
    expect(cache.size).toBe(2);
    expect(cache.lookup('/b')).toBeUndefined();
    expect(cache.lookup('/a')).toBeDefined();
  });

  test('does not keep an answer larger than all its room', async () => {
    const { serve, cache } = setUp(answer('x'.repeat(1_001)));
    await serve();
    expect(cache.size).toBe(0);
  });
});
