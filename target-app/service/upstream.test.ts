import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { connectUpstream, type Upstream } from './upstream.ts';

const servers: Server[] = [];
const upstreams: Upstream[] = [];

afterEach(async () => {
  await Promise.all(upstreams.splice(0).map((upstream) => upstream.close()));
  for (const server of servers.splice(0)) server.close();
});

/** Hears requests on a bare socket and does with them what the test says. */
async function upstreamThat(react: (request: string, reply: (text: string) => void, hangUp: () => void) => void) {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      heard.push(String(chunk));
      react(
        String(chunk),
        (text) => socket.write(text),
        () => socket.destroy(),
      );
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  return { upstream: connect(port, 1), heard, server, port };
}

function connect(port: number, maxConnections: number): Upstream {
  const url = `http://127.0.0.1:${port}`;
  const upstream = connectUpstream({ service: 'test', upstream: 'test', url, maxConnections });
  upstreams.push(upstream);
  return upstream;
}

const get = { method: 'GET', path: '/', timeoutMs: 5_000 };

test('a whole answer is an answer', async () => {
  const { upstream } = await upstreamThat((_request, reply) => reply('HTTP/1.1 418 No\r\nContent-Length: 2\r\n\r\nhi'));
  const result = await upstream.call(get);
  expect(result).toMatchObject({ kind: 'answer', statusCode: 418, body: Buffer.from('hi') });
});

test('a request nobody listens for was never sent', async () => {
  const { server, port } = await upstreamThat(() => {});
  await new Promise((resolve) => server.close(resolve));
  expect(await connect(port, 1).call(get)).toMatchObject({ kind: 'unsent' });
});

test('a request that was sent and got half an answer is broken', async () => {
  const { upstream } = await upstreamThat((_request, reply, hangUp) => {
    reply('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal');
    setTimeout(hangUp, 20);
  });
  expect(await upstream.call({ ...get, method: 'POST', body: 'x' })).toMatchObject({ kind: 'broken' });
});

test('a deadline that passes while the answer is awaited says that the request was sent', async () => {
  const { upstream } = await upstreamThat(() => {});
  expect(await upstream.call({ ...get, timeoutMs: 100 })).toEqual({ kind: 'timeout', sent: true });
});

test('a request whose deadline passes in the queue is never sent', async () => {
  const { upstream, heard } = await upstreamThat((request, reply) => {
    if (request.includes('/slow')) setTimeout(() => reply('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 300);
    else reply('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const slow = upstream.call({ ...get, path: '/slow' });
  const late = upstream.call({ ...get, method: 'POST', path: '/late', body: 'x', timeoutMs: 50 });
  expect(await late).toEqual({ kind: 'timeout', sent: false });
  expect(await slow).toMatchObject({ kind: 'answer' });
  expect(await upstream.call({ ...get, path: '/after' })).toMatchObject({ kind: 'answer' });
  expect(heard.join()).not.toContain('/late');
});
