import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { LoadEngine, type LoadGroup } from './engine.ts';
import { Histogram } from './histogram.ts';
import { wireDriver } from './http1/wire-driver.ts';
import { Recorder } from './recorder.ts';
import type { Share } from './share.ts';
import { RequestFailed, type User } from './user.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<URL> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

async function play(baseUrl: URL, groups: LoadGroup[], durationMs: number, share: Share = { index: 0, of: 1 }) {
  const recorder = new Recorder();
  const driver = wireDriver({ connections: 256, nowMs: () => performance.now() });
  const engine = new LoadEngine({
    groups,
    share,
    seed: 1,
    nonce: 'test',
    baseUrl,
    driver,
    recorder,
    nowMs: () => performance.now(),
    startMs: performance.now() + 20,
    durationMs,
  });
  engine.start();
  await engine.finished;
  await driver.close();
  return { engine, ...recorder.take() };
}

function closed(count: number, flow: (user: User) => Promise<void>): LoadGroup {
  return {
    model: 'users',
    name: 'people',
    curve: [
      { tMs: 0, value: count },
      { tMs: 60_000, value: count },
    ],
    graceMs: 30_000,
    flow,
  };
}

function open(perSec: number, flow: (user: User) => Promise<void>, maxInFlight = 1_000): LoadGroup {
  const curve = [
    { tMs: 0, value: perSec },
    { tMs: 60_000, value: perSec },
  ];
  return { model: 'arrivals', name: 'people', curve, process: 'even', maxInFlight, flow };
}

function counts(slices: { name: string; endings: Record<string, number | undefined> }[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { endings } of slices)
    for (const [key, count] of Object.entries(endings)) total[key] = (total[key] ?? 0) + (count ?? 0);
  return total;
}

function merged(encoded: Uint8Array[]): Histogram {
  const histogram = new Histogram();
  for (const bytes of encoded) histogram.mergeEncoded(bytes);
  return histogram;
}

describe('the load engine', () => {
  it('keeps the open schedule while the target stalls, and counts response time from when a request was due', async () => {
    let stalledUntil = 0;
    const url = await serve((_, response) => {
      if (stalledUntil === 0) stalledUntil = performance.now() + 400;
      setTimeout(() => response.end('ok'), Math.max(0, stalledUntil - performance.now()));
    });
    const { slices } = await play(url, [open(100, async (user) => void (await user.get('/')))], 600);
    // All 60 were sent although the first 40 had no answer yet.
    expect(counts(slices).ok).toBeGreaterThanOrEqual(58);
    const response = merged(slices.map((slice) => slice.response));
    expect(response.maxMs).toBeGreaterThan(350);
    // Those due in the middle of the stall waited for half of it: a tool that sends one at a time would report one slow request.
    expect(response.countAbove(150)).toBeGreaterThanOrEqual(20);
  });

  it('begins thousands of arrivals a second, all those that were due', async () => {
    const url = await serve((_, response) => response.end('ok'));
    const { engine } = await play(url, [open(4_000, async (user) => void (await user.think('0ms')))], 505);
    // 2,020 by the schedule; the very last may come too late for the end.
    expect(engine.state.iterations).toBeGreaterThan(2_000);
    expect(engine.state.iterations).toBeLessThanOrEqual(2_020);
  });

  it('drops arrivals beyond the limit, and counts them', async () => {
    const url = await serve((_, response) => setTimeout(() => response.end('ok'), 300));
    const { engine } = await play(url, [open(200, async (user) => void (await user.get('/')), 5)], 500);
    expect(engine.state.dropped).toBeGreaterThan(50);
    expect(engine.state.iterations + engine.state.dropped).toBeGreaterThanOrEqual(90);
  });

  it('lets each user think, and stops at the end of the plan', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      response.end('ok');
    });
    const started = performance.now();
    const flow = async (user: User) => {
      await user.think('50ms');
      await user.get('/');
    };
    const { engine } = await play(url, [closed(10, flow)], 500);
    expect(performance.now() - started).toBeLessThan(3_000);
    // Ten users, a round of 50 ms and a little: between five and ten rounds each.
    expect(requests).toBeGreaterThanOrEqual(40);
    expect(requests).toBeLessThanOrEqual(100);
    expect(engine.state.inFlight).toBe(0);
  });

  it('sends the same traffic whether one, two or seven agents share it', async () => {
    const seen: string[][] = [];
    for (const of of [1, 2, 7]) {
      const keys: string[] = [];
      const url = await serve((request, response) => {
        keys.push(String(request.headers['idempotency-key']));
        response.end('ok');
      });
      const flow = async (user: User) => {
        await user.post('/', { idempotencyKey: `${user.index} ${user.uuid()}` });
      };
      await Promise.all(Array.from({ length: of }, (_, index) => play(url, [open(100, flow)], 305, { index, of })));
      seen.push(keys.sort());
    }
    expect(seen[0]?.length).toBe(30);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('names how a request failed: refused, reset, timeout, 5xx', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/reset') request.socket.destroy();
      else if (request.url === '/500') {
        response.statusCode = 500;
        response.end();
      }
    });
    const kinds: string[] = [];
    const flow = async (user: User) => {
      for (const [path, options] of [
        ['/reset', {}],
        ['/never', { timeout: '80ms' }],
        ['/500', {}],
      ] as const) {
        try {
          const answer = await user.get(path, options);
          kinds.push(String(answer.status));
        } catch (error) {
          kinds.push(error instanceof RequestFailed ? error.kind : String(error));
        }
      }
      await user.think('10s');
    };
    const { slices } = await play(url, [closed(1, flow)], 600);
    expect(kinds.slice(0, 3)).toEqual(['reset', 'timeout', '500']);
    expect(counts(slices)).toMatchObject({ reset: 1, timeout: 1, '5xx': 1 });

    const nobody = new URL('http://127.0.0.1:1');
    const { slices: refused } = await play(nobody, [open(10, async (user) => void (await user.get('/')))], 150);
    expect(counts(refused)).toEqual({ refused: 1 });
  });

  it('keeps what is known of operations with a key: acknowledged, refused, or nobody knows', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/lost') return void request.socket.destroy();
      response.statusCode = request.url === '/ok' ? 201 : request.url === '/bad' ? 422 : 503;
      if (request.url === '/shed') response.setHeader('x-outcome', 'rejected');
      response.end();
    });
    const flow = async (user: User) => {
      for (const path of ['/ok', '/bad', '/shed', '/broken', '/lost']) {
        await user.post(path, { idempotencyKey: path }).catch(() => {});
      }
      await user.think('10s');
    };
    const { operations } = await play(url, [closed(1, flow)], 300);
    expect(Object.fromEntries(operations.map(({ key, outcome }) => [key, outcome]))).toEqual({
      '/ok': 'ok',
      '/bad': 'fail',
      '/shed': 'fail',
      '/broken': 'unknown',
      '/lost': 'unknown',
    });
  });

  it('counts a flow that throws, keeps its first message, and goes on', async () => {
    const url = await serve((_, response) => response.end('not json'));
    const flow = async (user: User) => {
      const answer = await user.get('/');
      answer.json();
    };
    const { engine, troubles } = await play(url, [open(50, flow)], 200);
    expect(engine.state.failedIterations).toBeGreaterThanOrEqual(8);
    expect(troubles[0]).toMatchObject({
      what: expect.stringContaining('SyntaxError'),
      count: engine.state.failedIterations,
    });
  });

  it('does not let a flow without requests and waits spin', async () => {
    let rounds = 0;
    const url = await serve((_, response) => response.end());
    const { troubles } = await play(url, [closed(1, async () => void rounds++)], 300);
    expect(rounds).toBeLessThanOrEqual(2);
    expect(troubles[0]?.what).toContain('neither sends a request nor thinks');
  });

  it('keeps cookies for each user by itself', async () => {
    const cookies: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      cookies.push(request.headers.cookie);
      response.setHeader('set-cookie', ['session=abc; Path=/; HttpOnly', 'gone=; Max-Age=0']);
      response.end();
    });
    const flow = async (user: User) => {
      await user.get('/');
      await user.get('/');
      await user.think('10s');
    };
    await play(url, [closed(1, flow)], 200);
    expect(cookies).toEqual([undefined, 'session=abc']);
  });

  it('sends the headers of a request of a user who has nothing else to send', async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization, String(request.headers['idempotency-key']));
      response.end();
    });
    const flow = async (user: User) => {
      await user.get('/', { headers: { Authorization: 't1' } });
      await user.get('/', { idempotencyKey: 'k1' });
      await user.think('10s');
    };
    await play(url, [closed(1, flow)], 200);
    expect(seen).toEqual(['t1', 'undefined', undefined, 'k1']);
  });

  it('names requests by their path with ids left out', async () => {
    const url = await serve((_, response) => response.end());
    const flow = async (user: User) => {
      await user.get('/v1/products/17?page=2');
      await user.get('/v1/orders/0190c1f2-7a3e-4b5c-8d6e-123456789abc');
      await user.think('10s');
    };
    const { slices } = await play(url, [closed(1, flow)], 200);
    expect([...new Set(slices.map((slice) => slice.name))].sort()).toEqual([
      'GET /v1/orders/:id',
      'GET /v1/products/:id',
    ]);
  });
});
