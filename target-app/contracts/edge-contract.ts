import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ScriptedServer } from '../testing/scripted-server.ts';

export interface EdgeUnderTest {
  url: string;
  /** What not every edge does: docs/parts.md says which. */
  does: { age: boolean; purge: boolean; staleOn500: boolean };
  stop(): Promise<void>;
}

/** What the shop counts on, whichever edge there is. Each test has paths of its own. */
export function describeEdgeContract(
  name: string,
  start: (origin: { host: string; port: number }) => Promise<EdgeUnderTest>,
): void {
  describe(`edge contract: ${name}`, () => {
    let part: EdgeUnderTest;
    let origin: ScriptedServer;
    let said = 0;
    const says = (headers: Record<string, string>, status = 200) => {
      origin.script = (_, response) => void response.writeHead(status, headers).end(`said ${++said}`);
    };

    beforeAll(async () => {
      origin = await ScriptedServer.start((_, response) => void response.end());
      part = await start(origin.address);
    }, 60_000);
    afterAll(async () => {
      await part?.stop();
      await origin?.vanish();
    }, 30_000);
    beforeEach(() => says({ 'cache-control': 'public, max-age=60' }));

    const somewhere = () => `/v1/${randomUUID()}`;
    const ask = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(part.url + path, { signal: AbortSignal.timeout(10_000), ...init });
      return { status: answer.status, text: await answer.text(), headers: answer.headers };
    };
    const how = (headers: Headers) => headers.get('cache-status') ?? '';

    test('keeps what says how long it is fresh, and says that it had it', async () => {
      const path = somewhere();
      const first = await ask(path);
      const second = await ask(path);
      expect(second.text).toBe(first.text);
      expect(how(first.headers)).toMatch(/fwd|miss/i);
      expect(how(second.headers)).toMatch(/hit/i);
      expect(origin.count(path)).toBe(1);
      if (part.does.age) {
        await sleep(1_100);
        expect(Number((await ask(path)).headers.get('age'))).toBeGreaterThan(0);
      }
    });

    test.each<[string, Record<string, string>]>([
      ['private', { 'cache-control': 'private, max-age=60' }],
      ['no-store', { 'cache-control': 'no-store' }],
      ['a cookie', { 'cache-control': 'public, max-age=60', 'set-cookie': 'a=1' }],
      ['nothing about it', {}],
    ])('does not keep what says %s', async (_, headers) => {
      says(headers);
      const path = somewhere();
      const [first, second] = [await ask(path), await ask(path)];
      expect(second.text).not.toBe(first.text);
      expect(origin.count(path)).toBe(2);
    });

    test('passes a POST on each time, with its body', async () => {
      const path = somewhere();
      origin.script = (_, response, body) => void response.writeHead(201, { 'cache-control': 'max-age=60' }).end(body);
      for (const body of ['one', 'two']) {
        expect(await ask(path, { method: 'POST', body })).toMatchObject({ status: 201, text: body });
      }
      expect(origin.count(path, 'POST')).toBe(2);
    });

    test('asks once for what many want at the same time', async () => {
      const path = somewhere();
      origin.script = async (_, response) => {
        await sleep(300);
        response.writeHead(200, { 'cache-control': 'public, max-age=60' }).end('slow');
      };
      const all = await Promise.all(Array.from({ length: 12 }, () => ask(path)));
      expect(all.map(({ text }) => text)).toEqual(Array(12).fill('slow'));
      expect(origin.count(path)).toBe(1);
    });

    test('gives the stale one at once where it may, and fetches behind it', async () => {
      says({ 'cache-control': 'public, max-age=1, stale-while-revalidate=30' });
      const path = somewhere();
      const first = await ask(path);
      await sleep(2_100);
      expect((await ask(path)).text).toBe(first.text);
      await expect.poll(() => origin.count(path), { timeout: 10_000 }).toBeGreaterThan(1);
      await expect.poll(async () => (await ask(path)).text, { timeout: 10_000 }).not.toBe(first.text);
    });

    test('gives the stale one where the origin fails, or is not there', { timeout: 40_000 }, async () => {
      says({ 'cache-control': 'public, max-age=1, stale-if-error=60' });
      const path = somewhere();
      const first = await ask(path);
      await sleep(2_100);
      says({}, 500);
      const onError = await ask(path);
      if (part.does.staleOn500) expect(onError).toMatchObject({ status: 200, text: first.text });
      else expect(onError.status).toBe(500);
      await origin.vanish();
      expect(await ask(path)).toMatchObject({ status: 200, text: first.text });
      const unknown = await ask(somewhere());
      expect([502, 503, 504]).toContain(unknown.status);
      await origin.listen();
      says({ 'cache-control': 'public, max-age=60' });
      // Somebody who looks after the origin's health sees it come back.
      await expect.poll(async () => (await ask(somewhere())).status, { timeout: 20_000 }).toBe(200);
    });

    test('says of an order that nothing happened when there is no origin to send it to', {
      timeout: 40_000,
    }, async () => {
      await origin.vanish();
      const post = () => ask(somewhere(), { method: 'POST', body: '{}' });
      await expect.poll(async () => [502, 503, 504].includes((await post()).status), { timeout: 20_000 }).toBe(true);
      await origin.listen();
      await expect.poll(async () => (await post()).status, { timeout: 20_000 }).toBe(200);
    });

    test('forgets what it is told to', async ({ skip }) => {
      if (!part.does.purge) skip('this one has no purge');
      const path = somewhere();
      const first = await ask(path);
      expect((await ask(path, { method: 'PURGE' })).status).toBe(200);
      expect((await ask(path)).text).not.toBe(first.text);
    });
  });
}
