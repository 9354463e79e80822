import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { startToxiproxy } from './server.ts';

/** A server with one proxy named `p` in front of an upstream whose side of every connection the test holds. */
export async function startRig(options: { seed?: number } = {}): Promise<Rig> {
  const server = await startToxiproxy({ port: 0, proxyMetrics: true, ...options });
  const sockets = new Set<Socket>();
  const arrived: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  const upstream = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    track(socket, sockets);
    const next = waiting.shift();
    if (next) next(socket);
    else arrived.push(socket);
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const call: Rig['call'] = async (method, path, body) => {
    const answer = await fetch(`${server.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  };
  const bound = upstream.address();
  if (bound === null || typeof bound === 'string') throw new Error(`expected a TCP address, got ${bound}`);
  const created: { listen: string } = JSON.parse(
    await call('POST', '/proxies', { name: 'p', listen: '127.0.0.1:0', upstream: `127.0.0.1:${bound.port}` }),
  );
  const port = Number(created.listen.split(':')[1]);

  return {
    url: server.url,
    port,
    call,
    add: async (type, attributes = {}, more = {}) => {
      await call('POST', '/proxies/p/toxics', { type, attributes, ...more });
    },
    update: async (toxic, change) => {
      await call('PATCH', `/proxies/p/toxics/${toxic}`, change);
    },
    remove: async (toxic) => {
      await call('DELETE', `/proxies/p/toxics/${toxic}`);
    },
    pair: async () => {
      const accepted = arrived.shift() ?? new Promise<Socket>((resolve) => waiting.push(resolve));
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      track(client, sockets);
      await once(client, 'connect');
      return { client, upstream: await accepted };
    },
    metric: async (name, labels = {}) => {
      const line = (await call('GET', '/metrics'))
        .split('\n')
        .find(
          (candidate) =>
            candidate.startsWith(`${name}{`) &&
            Object.entries(labels).every(([label, value]) => candidate.includes(`${label}="${value}"`)),
        );
      return Number(line?.slice(line.lastIndexOf(' ') + 1));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await server.close();
      await new Promise<void>((resolve) => upstream.close(() => resolve()));
    },
  };
}

export interface Rig extends AsyncDisposable {
  url: string;
  /** Where the proxy listens. */
  port: number;
  /** The text of an answer; any status but 2xx throws. */
  call(method: string, path: string, body?: unknown): Promise<string>;
  add(type: string, attributes?: Record<string, number>, more?: ToxicExtras): Promise<void>;
  update(toxic: string, change: { attributes?: Record<string, number>; toxicity?: number }): Promise<void>;
  remove(toxic: string): Promise<void>;
  /** Both ends of a new connection through the proxy. */
  pair(): Promise<{ client: Socket; upstream: Socket }>;
  /** A value from /metrics, NaN when there is none. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
}

export interface ToxicExtras {
  name?: string;
  stream?: 'upstream' | 'downstream';
  toxicity?: number;
}

/** The next bytes of a socket, exactly as many; rejects when the stream ends before or nothing more comes for 10 s. */
export async function bytes(socket: Socket, count: number): Promise<Buffer> {
  const deadline = AbortSignal.timeout(10_000);
  const parts: Buffer[] = [];
  let got = 0;
  while (got < count) {
    const part: Buffer | null = socket.read(Math.min(count - got, socket.readableLength));
    if (part === null || part.length === 0) {
      if (socket.readableEnded || socket.destroyed) throw new Error(`expected ${count} bytes, got ${got} and the end`);
      const settled = new AbortController();
      const { signal } = settled;
      const waits = ['readable', 'end', 'close'].map((event) => once(socket, event, { signal }));
      const late = once(deadline, 'abort', { signal }).then(() => {
        throw new Error(`expected ${count} bytes within 10000 ms, got ${got}`);
      });
      try {
        await Promise.race([...waits, late]);
      } finally {
        settled.abort();
        for (const wait of [...waits, late]) wait.catch(() => {});
      }
      continue;
    }
    got += part.length;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Everything until the stream is over, how it ended, and when on the clock of `performance.now`. */
export function rest(socket: Socket): Promise<{ data: Buffer; how: 'end' | 'reset'; atMs: number }> {
  const parts: Buffer[] = [];
  return new Promise((resolve) => {
    const over = (how: 'end' | 'reset') => resolve({ data: Buffer.concat(parts), how, atMs: performance.now() });
    if (socket.readableEnded || socket.destroyed) over(socket.errored ? 'reset' : 'end');
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.once('end', () => over('end'));
    socket.once('error', () => over('reset'));
  });
}

/** Waits until something holds; rejects with `what` after 10 s. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`expected within 10000 ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function track(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.on('error', () => {});
  socket.once('close', () => sockets.delete(socket));
}
