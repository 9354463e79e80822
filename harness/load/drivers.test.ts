import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Driver, WireRequest, WireResponse } from './driver.ts';
import { wireDriver } from './http1/wire-driver.ts';
import { sending } from './testing-driver.ts';
import { type RawServer, type Reply, rawServer } from './testing-server.ts';
import { undiciDriver } from './undici-driver.ts';
import { RequestFailed } from './user.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

const open: (AsyncDisposable | Driver)[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await ('close' in each ? each.close() : each[Symbol.asyncDispose]());
});

const nowMs = () => performance.now();

/** Sends what it is told over either driver; both must say the same. */
describe.each([
  ['wire', wireDriver],
  ['undici', undiciDriver],
])('the %s driver', (name, make) => {
  async function against(reply: Reply | string, connections = 4): Promise<{ server: RawServer; send: Send }> {
    const server = await rawServer(typeof reply === 'string' ? (socket) => void socket.write(reply, 'latin1') : reply);
    const driver = make({ connections, nowMs });
    open.push(server, driver);
    return { server, send: (request = {}) => sending(driver, { origin: server.origin, ...request }) };
  }

  it('sends a request as it is written', async () => {
    const { server, send } = await against(OK);
    await send({ path: '/a?b=c%20d', headers: { 'x-one': '1', accept: '*/*' } });
    const [line, ...fields] = server.requests[0]?.split('\r\n') ?? [];
    expect(line).toBe('GET /a?b=c%20d HTTP/1.1');
    expect(fields.map((field) => field.toLowerCase())).toEqual(
      expect.arrayContaining([server.origin.replace('http://', 'host: '), 'x-one: 1', 'accept: */*']),
    );
    expect(server.requests[0]).not.toMatch(/content-length|transfer-encoding/i);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
    'sends the body of a %s with its length in bytes',
    async (method) => {
      const { server, send } = await against(OK);
      await send({ method, body: 'häß €' });
      expect(server.requests[0]).toMatch(/\r\ncontent-length: 9\r\n/i);
      expect(Buffer.from(server.requests[0] ?? '', 'latin1').toString()).toMatch(/\r\n\r\nhäß €$/);
    },
  );

  it('says that a POST without a body has none', async () => {
    const { server, send } = await against(OK);
    await send({ method: 'POST' });
    expect(server.requests[0]).toMatch(/\r\ncontent-length: 0\r\n/i);
  });

  it('reads status, headers, cookies and body', async () => {
    const { send } = await against(
      'HTTP/1.1 404 Not there\r\nX-A: 1\r\nx-a:  2 \r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=2\r\ncontent-length: 6\r\n\r\nz\u00c3\u00bc\u00e2\u0082\u00ac',
    );
    const { status, headers, setCookies, body } = await send();
    expect({ status, setCookies, body }).toEqual({ status: 404, setCookies: ['a=1; Path=/', 'b=2'], body: 'zü€' });
    expect(headers['x-a']).toBe('1, 2');
    expect(headers['set-cookie']).toBeUndefined();
  });

  it.each([
    ['a length', OK, 'ok'],
    ['an empty body', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', ''],
    [
      'chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n00A;x=y\r\n0123456789\r\n0\r\n\r\n',
      'ok0123456789',
    ],
    ['trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-t: 1\r\ny: 2\r\n\r\n', 'a'],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['304 with a length', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n', ''],
    ['an interim answer', `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${OK}`, 'ok'],
    ['no reason', 'HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok', 'ok'],
  ])('reads an answer with %s, and uses the connection again', async (_, reply, body) => {
    const { server, send } = await against(reply);
    for (let i = 0; i < 3; i++) expect((await send()).body).toBe(body);
    // undici frees a connection a moment after it has answered, and none after a 304 with a length.
    if (name === 'wire') expect(server.connections).toBe(1);
  });

  it('reads an answer that comes byte by byte', async () => {
    const { send } = await against(async (socket) => {
      for (const byte of 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n') {
        socket.write(byte);
        await new Promise(setImmediate);
      }
    });
    for (let i = 0; i < 2; i++) expect((await send()).body).toBe('ok');
  });

  it('does not wait for the body of an answer to HEAD', async () => {
    const { server, send } = await against('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n');
    for (let i = 0; i < 2; i++) expect((await send({ method: 'HEAD' })).body).toBe('');
    // undici gives up the connection after HEAD, on purpose.
    if (name === 'wire') expect(server.connections).toBe(1);
  });

  it('reads a body that ends with the connection', async () => {
    const { send } = await against((socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'));
    for (let i = 0; i < 2; i++) expect((await send()).body).toBe('until the end');
  });

  it('leaves a connection that the server will close', async () => {
    const { server, send } = await against('HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 0\r\n\r\n');
    for (let i = 0; i < 2; i++) await send();
    expect(server.connections).toBe(2);
  });

  it('keeps to its number of connections and serves the rest in turn', async () => {
    let most = 0;
    let now = 0;
    const { server, send } = await against(async (socket) => {
      most = Math.max(most, ++now);
      await sleep(10);
      now--;
      socket.write(OK);
    }, 3);
    await Promise.all(Array.from({ length: 12 }, () => send()));
    expect({ most, connections: server.connections }).toEqual({ most: 3, connections: 3 });
  });

  it.each<[string, string, Reply]>([
    ['reset', 'closes without an answer', (socket) => void socket.end()],
    ['reset', 'resets without an answer', (socket) => void socket.resetAndDestroy()],
    ['truncated', 'closes within the head', (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-le')],
    [
      'truncated',
      'closes within the body',
      (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
    ],
    [
      'truncated',
      'closes within a chunk',
      (socket) => void socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc'),
    ],
    [
      'malformed',
      'sends garbage',
      (socket) => void socket.write('\u0016\u0003\u0001 this is not HTTP\r\n\r\n', 'latin1'),
    ],
    [
      'malformed',
      'sends a length that is none',
      (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\n'),
    ],
    [
      'malformed',
      'sends two lengths',
      (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
    ],
    [
      'malformed',
      'sends a chunk longer than it says',
      (socket) => void socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n'),
    ],
    [
      'too-large',
      'sends 100 KB of headers',
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\n${'x-a: 0123456789\r\n'.repeat(6_000)}\r\n`),
    ],
  ])('calls it %s when the server %s, and goes on', async (kind, what, misbehave) => {
    const { send } = await against((socket, request, index) =>
      request.startsWith('GET /bad') ? misbehave(socket, request, index) : void socket.write(OK),
    );
    // undici does not tell a head that has begun from none.
    const expected = name === 'undici' && what === 'closes within the head' ? 'reset' : kind;
    expect(await kindOf(send({ path: '/bad' }))).toBe(expected);
    expect((await send()).body).toBe('ok');
  });

  it('notices that an idle connection was closed, and takes a new one', async () => {
    const { server, send } = await against((socket) => void socket.end(OK));
    await send();
    await sleep(30);
    expect((await send()).body).toBe('ok');
    expect(server.connections).toBe(2);
  });

  it('calls it timeout when the answer does not come, or stops coming', async () => {
    const { send } = await against((socket, request) => {
      if (request.startsWith('GET /never')) return;
      socket.write(request.startsWith('GET /stops') ? 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc' : OK);
    });
    await expect(send({ path: '/never', timeoutMs: 60 })).rejects.toThrow('GET /never took longer than 60 ms');
    expect(await kindOf(send({ path: '/stops', timeoutMs: 60 }))).toBe('timeout');
    expect((await send()).body).toBe('ok');
  });

  it('calls it timeout when it waits for a connection for too long', async () => {
    const { server, send } = await against((socket, request) => {
      if (!request.startsWith('GET /never')) socket.write(OK);
    }, 1);
    const never = kindOf(send({ path: '/never', timeoutMs: 300 }));
    expect(await kindOf(send({ path: '/queued', timeoutMs: 60 }))).toBe('timeout');
    expect(await never).toBe('timeout');
    expect((await send()).body).toBe('ok');
    expect(server.requests.join()).not.toContain('/queued');
  });

  it('calls it refused when nobody listens', async () => {
    const { server, send } = await against(OK);
    await server[Symbol.asyncDispose]();
    expect(await kindOf(send())).toBe('refused');
  });

  it('calls it dns when the host has no address', async () => {
    const driver = make({ connections: 1, nowMs });
    open.push(driver);
    expect(await kindOf(sending(driver, { origin: 'http://no-such-host.invalid' }))).toBe('dns');
  });

  it('sends no header that would smuggle in another', async () => {
    const { server, send } = await against(OK);
    await expect(send({ headers: { 'x-a': 'a\r\nx-b: b' } })).rejects.toThrow();
    await expect(send({ path: '/a HTTP/1.1\r\nx-b: b' })).rejects.toThrow();
    expect(server.requests).toEqual([]);
  });

  it('ends what is under way when it is closed', async () => {
    const server = await rawServer(() => {});
    open.push(server);
    const driver = make({ connections: 1, nowMs });
    const both = [
      kindOf(sending(driver, { origin: server.origin })),
      kindOf(sending(driver, { origin: server.origin })),
    ];
    await sleep(20);
    await driver.close();
    expect(await Promise.all(both)).toEqual(['other', 'other']);
  });
});

describe('the wire driver alone', () => {
  async function against(reply: Reply, options: Partial<Parameters<typeof wireDriver>[0]> = {}) {
    const server = await rawServer(reply);
    const driver = wireDriver({ connections: 4, nowMs, ...options });
    open.push(server, driver);
    return {
      server,
      send: (request: Partial<WireRequest> = {}) => sending(driver, { origin: server.origin, ...request }),
    };
  }

  it('calls it stale when a kept connection ends as a request is sent over it', async () => {
    const { send } = await against((socket, _, index) => void (index === 0 ? socket.write(OK) : socket.destroy()));
    await send();
    expect(await kindOf(send())).toBe('stale');
    expect((await send()).body).toBe('ok');
  });

  it('leaves a connection before the server does that says how long it keeps it', async () => {
    const { server, send } = await against(
      (socket) => void socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\ncontent-length: 0\r\n\r\n'),
    );
    await send();
    await send();
    expect(server.connections).toBe(2);
  });

  it('refuses a body beyond its limit, whether it is announced or not', async () => {
    const { send } = await against(
      (socket, request) =>
        void socket.write(
          request.startsWith('GET /announced')
            ? 'HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n'
            : `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1_001)}`,
        ),
      { bodyBytes: 1_000 },
    );
    expect(await kindOf(send({ path: '/announced' }))).toBe('too-large');
    expect(await kindOf(send())).toBe('too-large');
  });

  it('trusts no connection on which bytes come that nobody asked for', async () => {
    const { server, send } = await against((socket) => void socket.write(OK + OK));
    expect((await send()).body).toBe('ok');
    expect((await send()).body).toBe('ok');
    expect(server.connections).toBe(2);
  });

  it('says no to https', async () => {
    const driver = wireDriver({ connections: 1, nowMs });
    open.push(driver);
    await expect(sending(driver, { origin: 'https://127.0.0.1:1' })).rejects.toThrow('speaks http only');
  });
});

type Send = (request?: Partial<WireRequest>) => Promise<WireResponse>;

async function kindOf(sending: Promise<WireResponse>): Promise<string> {
  try {
    return `answered ${(await sending).status}`;
  } catch (error) {
    return error instanceof RequestFailed ? error.kind : String(error);
  }
}
