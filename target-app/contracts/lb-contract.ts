import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ScriptedServer } from '../testing/scripted-server.ts';

export interface BalancerUnderTest {
  url: string;
  stop(): Promise<void>;
}

interface Backends {
  a: { host: string; port: number };
  b: { host: string; port: number };
}

/** What the shop counts on, whichever load balancer there is. */
export function describeLbContract(name: string, start: (backends: Backends) => Promise<BalancerUnderTest>): void {
  describe(`load balancer contract: ${name}`, () => {
    let part: BalancerUnderTest;
    let a: ScriptedServer;
    let b: ScriptedServer;
    const all = () => [a, b];
    const tells = (who: string) => (server: ScriptedServer) => {
      server.script = (_, response) => void response.writeHead(200, { 'x-who': who }).end(who);
    };

    beforeAll(async () => {
      a = await ScriptedServer.start((_, response) => void response.end());
      b = await ScriptedServer.start((_, response) => void response.end());
      part = await start({ a: a.address, b: b.address });
    }, 60_000);
    afterAll(async () => {
      await part?.stop();
      await Promise.all(all().map((server) => server.vanish()));
    }, 30_000);
    beforeEach(async () => {
      tells('a')(a);
      tells('b')(b);
      for (const server of all()) server.healthy = true;
      await expect.poll(() => whoAnswers(20), { timeout: 15_000 }).toEqual(['a', 'b']);
    });

    const get = (path = '/') => fetch(part.url + path, { signal: AbortSignal.timeout(10_000) });
    const whoAnswers = async (requests: number): Promise<string[]> => {
      const seen = new Set<string>();
      for (let index = 0; index < requests; index++) {
        const answer = await get().catch(() => undefined);
        seen.add((await answer?.text()) ?? 'nobody');
      }
      return [...seen].sort();
    };

    test('spreads requests over all that are well', async () => {
      const answers = await Promise.all(Array.from({ length: 40 }, () => get().then((answer) => answer.text())));
      const ofA = answers.filter((who) => who === 'a').length;
      expect(ofA).toBeGreaterThan(8);
      expect(ofA).toBeLessThan(32);
    });

    test('passes status, headers and bodies both ways', async () => {
      for (const server of all()) {
        server.script = (request, response, body) =>
          void response.writeHead(418, { 'x-said': String(request.headers['x-say']) }).end(body.toUpperCase());
      }
      const answer = await fetch(`${part.url}/v1/tea?x=1`, {
        method: 'POST',
        body: 'oolong',
        headers: { 'x-say': 'hi' },
      });
      expect([answer.status, answer.headers.get('x-said'), await answer.text()]).toEqual([418, 'hi', 'OOLONG']);
    });

    test('sends nothing to one that says it is not ready, and takes it back', async () => {
      a.healthy = false;
      await expect.poll(() => whoAnswers(10), { timeout: 15_000 }).toEqual(['b']);
      a.healthy = true;
      await expect.poll(() => whoAnswers(20), { timeout: 15_000 }).toEqual(['a', 'b']);
    });

    test('loses no GET when one of them vanishes', async () => {
      await get();
      await a.vanish();
      const answers = await Promise.all(Array.from({ length: 30 }, () => get().then((answer) => answer.status)));
      expect(answers).toEqual(Array(30).fill(200));
      await a.listen();
    });

    test('never sends a POST twice that may have had an effect', async () => {
      const path = `/v1/orders/${randomUUID()}`;
      for (const server of all()) server.script = (request) => void request.socket.destroy();
      const answer = await fetch(part.url + path, { method: 'POST', body: '{}' }).catch(() => undefined);
      // HAProxy hangs up instead, where the gateway broke off a connection that had served before. Nobody says `rejected`.
      expect([502, undefined]).toContain(answer?.status);
      expect(answer?.headers.get('x-outcome') ?? null).toBeNull();
      expect(a.count(path, 'POST') + b.count(path, 'POST')).toBe(1);
    });

    test('says that nothing happened when it could send a request to nobody', async () => {
      await Promise.all(all().map((server) => server.vanish()));
      const post = () => fetch(`${part.url}/v1/orders`, { method: 'POST', body: '{}' });
      await expect.poll(async () => (await post()).status, { timeout: 15_000 }).toBe(503);
      expect((await post()).headers.get('x-outcome')).toBe('rejected');
      await Promise.all(all().map((server) => server.listen()));
    });

    test('does not wait longer than the caller does', async () => {
      for (const server of all()) server.script = () => {};
      const fromMs = performance.now();
      const answer = await fetch(`${part.url}/slow`, { headers: { 'x-deadline-ms': '400' } });
      expect(answer.status).toBe(504);
      expect(performance.now() - fromMs).toBeLessThan(5_000);
    });
  });
}
