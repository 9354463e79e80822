import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answering, freePort } from './toxiproxy/contract/contestant.ts';
import { until } from './toxiproxy/test-rig.ts';
import { addToxic, proxyState, removeToxic } from './toxiproxy-client.ts';

/** The undo of a toxic at the original, which waits for ever for a connection that nobody reads from. */
const original = process.env.TOXIPROXY_SERVER;
const soon = () => AbortSignal.timeout(10_000);
const slow = { name: 'slow', type: 'latency', stream: 'downstream', attributes: { latency: 100, jitter: 0 } } as const;
const kept = { name: 'kept', type: 'slow_close', stream: 'upstream', attributes: { delay: 7 } } as const;

describe.skipIf(original === undefined)('at the original Toxiproxy', () => {
  let server: ChildProcess;
  let api = '';
  let listen = 0;
  const sockets = new Set<Socket>();
  const upstream = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    const more = () => {
      while (socket.write(CHUNK));
    };
    socket.on('drain', more);
    more();
  });

  beforeEach(async () => {
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const bound = upstream.address();
    const [port, chosen] = [await freePort('client'), await freePort('client')];
    listen = chosen;
    api = `http://127.0.0.1:${port}`;
    server = spawn(original ?? '', ['-port', `${port}`], { stdio: 'ignore' });
    await answering(api);
    await call('POST', '/proxies', {
      name: 'a->b',
      listen: `127.0.0.1:${listen}`,
      upstream: `127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`,
    });
    await addToxic(api, 'a->b', kept, soon());
    await addToxic(api, 'a->b', slow, soon());
    for (let at = 0; at < 5; at += 1) await stalledReader();
  });

  afterEach(async () => {
    server.kill('SIGKILL');
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => upstream.close(resolve));
  });

  const call = (method: string, path: string, body?: object) =>
    fetch(`${api}${path}`, {
      method,
      signal: AbortSignal.timeout(1_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  /** A connection whose sender has been brought to a stop. */
  async function stalledReader(): Promise<void> {
    const client = connect(listen, '127.0.0.1');
    sockets.add(client.on('error', () => {}));
    await once(client, 'connect');
    const senders = () => [...sockets].filter((socket) => socket.localPort === portOf(upstream));
    let written = -1;
    await until('the sender is held back', async () => {
      await sleep(200);
      const before = written;
      written = senders().reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0);
      return written > 0 && written === before;
    });
  }

  async function expectUndone(): Promise<void> {
    const state = await proxyState(api, 'a->b', soon());
    expect(state).toMatchObject({ name: 'a->b', listen: `127.0.0.1:${listen}`, enabled: true });
    expect(state?.toxics).toMatchObject([kept]);
    const client = connect(listen, '127.0.0.1');
    sockets.add(client.on('error', () => {}));
    await once(client, 'data');
  }

  it('makes the proxy anew, without the toxic and with the others', async () => {
    await removeToxic(api, 'a->b', 'slow', soon());
    await expectUndone();
  });

  it('does so too when it is stuck already and nothing can be read any more', async () => {
    await expect(call('DELETE', '/proxies/a->b/toxics/slow')).rejects.toThrow('timeout');
    await expect(call('GET', '/proxies/a->b')).rejects.toThrow('timeout');
    await removeToxic(api, 'a->b', 'slow', soon());
    await expectUndone();
  });

  it('says that only a restart helps when a connection has come meanwhile', async () => {
    await expect(call('DELETE', '/proxies/a->b/toxics/slow')).rejects.toThrow('timeout');
    const late = connect(listen, '127.0.0.1');
    sockets.add(late.on('error', () => {}));
    await once(late, 'connect');
    await sleep(300);
    await expect(removeToxic(api, 'a->b', 'slow', soon())).rejects.toThrow('a->b is stuck: ');
  });
});

const CHUNK = Buffer.alloc(65_536);

function portOf(server: ReturnType<typeof createServer>): number {
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : 0;
}
