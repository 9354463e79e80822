import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ok, playing, start, steps } from './testing-engine.ts';
import { type RawServer, type Reply, rawServer } from './testing-server.ts';
import { type Feed, RequestFailed, type User } from './user.ts';

/**
 * Runs a flow once for one user, and gives back what was recorded and what the server saw. The engine takes whatever a
 * flow throws for a failed iteration; an expectation that fails in it fails the test all the same.
 */
async function once(
  flow: (user: User) => Promise<void>,
  reply: Reply = ok,
  setup?: unknown,
): Promise<{ server: RawServer; taken: ReturnType<ReturnType<typeof start>['recorder']['take']>; failed: number }> {
  await using server = await rawServer(reply);
  const done = Promise.withResolvers<void>();
  const { engine, recorder } = start(
    server.origin,
    {
      model: 'arrivals',
      name: 'people',
      process: 'even',
      maxInFlight: 1,
      curve: steps([0, 100], [10, 100], [10_000, 0]),
      async flow(user) {
        if (user.index !== 0) return;
        try {
          await flow(user);
        } catch (error) {
          if (error instanceof Error && error.name === 'AssertionError') done.reject(error);
          throw error;
        } finally {
          done.resolve();
        }
      },
    },
    undefined,
    setup,
  );
  await done.promise;
  await sleep(5);
  engine.stop(0);
  return { server, taken: recorder.take(), failed: engine.state.failedIterations };
}

function bodyOf(request: string | undefined): string {
  return request?.slice(request.indexOf('\r\n\r\n') + 4) ?? '';
}

describe('a user', () => {
  it('sends forms, and multipart bodies with texts and files', async () => {
    const { server } = await once(async (user) => {
      await user.post('/form', { form: { name: 'Ada & Co', city: 'Köln' } });
      await user.post('/files', {
        multipart: {
          note: 'hi',
          photo: { filename: 'a"b.png', type: 'image/png', content: new Uint8Array([1, 2, 255]) },
        },
      });
    });
    const [form = '', files = ''] = server.requests;
    expect(form).toContain('content-type: application/x-www-form-urlencoded');
    expect(bodyOf(form)).toBe('name=Ada+%26+Co&city=K%C3%B6ln');
    const boundary = /boundary=(\S+)/.exec(files)?.[1];
    expect(bodyOf(files)).toBe(
      [
        `--${boundary}\r\ncontent-disposition: form-data; name="note"\r\n\r\nhi\r\n`,
        `--${boundary}\r\ncontent-disposition: form-data; name="photo"; filename="a%22b.png"\r\ncontent-type: image/png\r\n\r\n\u0001\u0002\u00ff\r\n`,
        `--${boundary}--\r\n`,
      ].join(''),
    );
  });

  it('will not send two bodies', async () => {
    const { taken, server } = await once((user) => user.post('/', { json: 1, form: {} }).then(() => {}));
    expect(taken.troubles[0]?.what).toContain('a request has one body, got json and form');
    expect(server.requests).toEqual([]);
  });

  it('leaves redirects alone unless told, and then follows them on the same site, each counted', async () => {
    const moved: Reply = (socket, request) => {
      const to = /^GET \/away/.test(request) ? 'http://elsewhere.test/' : '/new?x=1';
      const answer = / \/(old|away)/.test(request)
        ? `HTTP/1.1 302 Found\r\nlocation: ${to}\r\nset-cookie: seen=1\r\ncontent-length: 0\r\n\r\n`
        : 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nnew';
      socket.write(answer);
    };
    const statuses: number[] = [];
    const { server, taken } = await once(async (user) => {
      statuses.push((await user.get('/old')).status);
      const there = await user.post('/old', { as: 'sign in', json: {}, redirects: 3 });
      statuses.push(there.status);
      expect(there.body).toBe('new');
      statuses.push((await user.get('/away', { redirects: 3 })).status);
    }, moved);
    expect(statuses).toEqual([302, 200, 302]);
    const lines = server.requests.map((request) => request.split('\r\n')[0]);
    expect(lines).toEqual(['GET /old HTTP/1.1', 'POST /old HTTP/1.1', 'GET /new?x=1 HTTP/1.1', 'GET /away HTTP/1.1']);
    expect(server.requests[2]).toContain('cookie: seen=1');
    expect(taken.slices.find((slice) => slice.name === 'sign in')?.endings).toEqual({ ok: 2 });
  });

  it('counts checks, groups and tags by names of their own', async () => {
    const { taken } = await once(async (user) => {
      expect(user.check('is small', true)).toBe(true);
      expect(user.check('is small', false)).toBe(false);
      await user.group('purchase', async () => {
        await user.get('/a', { as: 'look', tags: { region: 'eu' } });
        await user.think('20ms');
        await user.get('/b', { as: 'look', tags: { region: 'us' } });
      });
      await user.group('purchase', () => Promise.reject(new Error('sold out'))).catch(() => {});
    });
    const counted = Object.fromEntries(taken.slices.map(({ kind, name, endings }) => [`${kind} ${name}`, endings]));
    expect(counted).toEqual({
      'check is small': { ok: 1, failed: 1 },
      'request look': { ok: 2 },
      'tagged look{region="eu"}': { ok: 1 },
      'tagged look{region="us"}': { ok: 1 },
      'group purchase': { ok: 1, failed: 1 },
    });
  });

  it('takes values out of JSON, headers and text, and says what is missing', async () => {
    const body = '{"products":[{"id":7}],"csrf":"t0ken"}';
    await once(
      async (user) => {
        const answer = await user.get('/');
        expect(answer.at('products[0].id')).toBe(7);
        expect(() => answer.at('products[1].id')).toThrow('the answer has no \'products[1]\': [{"id":7}]');
        expect(answer.match(/"csrf":"(\w+)"/)).toBe('t0ken');
        expect(() => answer.match(/nothing/)).toThrow('does not match /nothing/');
        expect(answer.headers['x-a']).toBe('1');
      },
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\nX-A: 1\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
    ).then(({ taken }) => expect(taken.troubles).toEqual([]));
  });

  it('gives a request up when told, and the connection with it', async () => {
    const { taken } = await once(
      async (user) => {
        const abort = new AbortController();
        setTimeout(() => abort.abort(), 20);
        const error = await user.get('/never', { signal: abort.signal }).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(RequestFailed);
        expect(error).toMatchObject({ kind: 'aborted' });
      },
      () => {},
    );
    expect(taken.slices[0]?.endings).toEqual({ aborted: 1 });
  });

  it('has what setup returned', async () => {
    await once(async (user) => expect(user.setup<{ token: string }>()).toEqual({ token: 'x' }), ok, { token: 'x' });
  });

  it('keeps where a flow first threw', async () => {
    const { taken, failed } = await once(() => Promise.reject(new RangeError('no such shelf')));
    expect(failed).toBe(1);
    expect(taken.troubles[0]).toMatchObject({ what: 'flow people: RangeError: no such shelf', count: 1 });
    expect(taken.troubles[0]?.stack).toContain('virtual-user.test.ts');
  });

  it('gets rows of a feed by its own number: unique ones once, cycling ones in turn, whoever runs it', async () => {
    await using server = await rawServer(ok);
    const rows = Array.from({ length: 6 }, (_, id) => ({ id }));
    const unique: Feed<{ id: number }> = { name: 'people.csv', deal: 'unique', rows };
    const cycling: Feed<{ id: number }> = { name: 'people.csv', deal: 'cycling', rows };
    const dealt: [user: number, iteration: number, unique: number | string, cycling: number][] = [];
    const play = (index: number) =>
      playing(
        server.origin,
        {
          curve: steps([0, 4], [10_000, 4]),
          async flow(user) {
            const id = ((): number | string => {
              try {
                return user.row(unique).id;
              } catch (error) {
                return String(error);
              }
            })();
            dealt.push([user.index, user.iteration, id, user.row(cycling).id]);
            await user.think(user.iteration < 2 ? '5ms' : '1h');
          },
        },
        { index, of: 2 },
      ).engine;
    const engines = [play(0), play(1)];
    await sleep(150);
    for (const engine of engines) engine.stop(0);
    const none = 'RangeError: feed people.csv has only 6 unique rows';
    expect(dealt.sort((a, b) => a[1] - b[1] || a[0] - b[0])).toEqual([
      [0, 1, 0, 0],
      [1, 1, 1, 1],
      [2, 1, 2, 2],
      [3, 1, 3, 3],
      [0, 2, 4, 4],
      [1, 2, 5, 5],
      [2, 2, none, 0],
      [3, 2, none, 1],
    ]);
  });

  it('has names within a budget: what is beyond it is counted as other, and told once', async () => {
    const { taken } = await once(async (user) => {
      for (let n = 0; n < 230; n++) user.check(`check ${n}`, true);
    });
    const over = taken.slices.filter((slice) => slice.name === 'other');
    expect(over.map(({ endings }) => endings.ok).reduce((sum = 0, n = 0) => sum + n, 0)).toBe(30);
    expect(taken.troubles.filter(({ what }) => what.includes('more than 200 names'))).toHaveLength(1);
  });
});
