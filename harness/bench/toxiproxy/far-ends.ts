import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { treeCpuSec, treeRssBytes } from '../process-tree.ts';
import type { FarEndsAsk, FarEndsTold } from './far-ends-spec.ts';

/**
 * A program: both ends of the connections that a fault proxy carries, and the clock beside them. Its argument is a
 * FarEndsAsk, its output what FarEndsTold has for it.
 */

/** Trips that are made before those that count. */
const WARM_UP = 500;

const ask = JSON.parse(process.argv[2] ?? '') as FarEndsAsk;
process.stdout.write(`${JSON.stringify(await measure())}\n`);
process.exit(0);

async function measure(): Promise<FarEndsTold[keyof FarEndsTold]> {
  switch (ask.what) {
    case 'carried':
      return carried(ask.connections, ask.seconds, ask.pid);
    case 'trips':
      return { tookMs: await trips(ask.trips, ask.direct) };
    case 'delays':
      return { tookMs: await delays(ask.connections, ask.seconds, ask.latencyMs) };
    case 'held':
      return held(ask.connections, ask.pid);
    default:
      return ask satisfies never;
  }
}

/** Upstreams that send as fast as it goes, for so long. */
async function carried(connections: number, seconds: number, pid: number): Promise<FarEndsTold['carried']> {
  const chunk = Buffer.alloc(256 * 1024);
  const port = await upstream((socket) => {
    const more = () => {
      while (socket.write(chunk));
    };
    socket.on('drain', more);
    more();
  });
  const listen = await proxied(port);
  let bytes = 0;
  for (let at = 0; at < connections; at += 1) {
    const client = await open(listen);
    client.on('data', (part: Buffer) => {
      bytes += part.length;
    });
  }
  await sleep(1_000);
  const [before, cpuBefore] = [bytes, treeCpuSec(pid)];
  await sleep(seconds * 1_000);
  return { bytes: bytes - before, cpuSec: treeCpuSec(pid) - cpuBefore };
}

/** A byte there and back, one after the other, on one connection. */
async function trips(count: number, direct: boolean): Promise<number[]> {
  const port = await upstream(echo);
  const client = await open(direct ? port : await proxied(port));
  const tookMs: number[] = [];
  for (let at = 0; at < count + WARM_UP; at += 1) {
    const startMs = performance.now();
    client.write('x');
    await once(client, 'data');
    if (at >= WARM_UP) tookMs.push(performance.now() - startMs);
  }
  return tookMs;
}

/** Each connection sends a byte every half second, and all of them evenly between. What is sent in the first second is not counted. */
async function delays(connections: number, seconds: number, latencyMs: number): Promise<number[]> {
  const port = await upstream(echo);
  const listen = await proxied(port);
  await post('/proxies/bench/toxics', { type: 'latency', attributes: { latency: latencyMs } });
  const clients: { socket: Socket; sentMs: number }[] = [];
  const tookMs: number[] = [];
  let countedFromMs = Number.POSITIVE_INFINITY;
  for (let at = 0; at < connections; at += 1) {
    const client = { socket: await open(listen), sentMs: 0 };
    client.socket.on('data', () => {
      if (client.sentMs >= countedFromMs) tookMs.push(performance.now() - client.sentMs);
    });
    clients.push(client);
  }
  const startMs = performance.now();
  countedFromMs = startMs + 1_000;
  const stepMs = 500 / connections;
  for (let sent = 0; sent * stepMs < (seconds + 1) * 1_000; ) {
    while (startMs + sent * stepMs <= performance.now()) {
      const client = clients[sent % connections];
      if (client) {
        client.sentMs = performance.now();
        client.socket.write('x');
      }
      sent += 1;
    }
    await sleep(1);
  }
  await sleep(latencyMs * 3);
  return tookMs;
}

/** So many connections at once, a byte there and back on each. */
async function held(connections: number, pid: number): Promise<FarEndsTold['held']> {
  const port = await upstream(echo);
  const listen = await proxied(port);
  const clients: Socket[] = [];
  while (clients.length < connections) {
    const batch = Math.min(100, connections - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: batch }, () => open(listen)))));
  }
  let answered = 0;
  for (let at = 0; at < clients.length; at += 100) {
    const batch = clients.slice(at, at + 100);
    const answers = batch.map((client) => once(client, 'data', { signal: AbortSignal.timeout(20_000) }));
    for (const client of batch) client.write('x');
    for (const answer of await Promise.allSettled(answers)) if (answer.status === 'fulfilled') answered += 1;
  }
  return { answered, rssBytes: treeRssBytes(pid) };
}

function echo(socket: Socket): void {
  socket.on('data', (part) => void socket.write(part));
}

async function upstream(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  await once(server, 'listening');
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

/** The port of a proxy in front of an upstream. */
async function proxied(port: number): Promise<number> {
  const made = await post('/proxies', { name: 'bench', listen: '127.0.0.1:0', upstream: `127.0.0.1:${port}` });
  return Number((JSON.parse(made) as { listen: string }).listen.split(':')[1]);
}

async function post(path: string, body: object): Promise<string> {
  const answer = await fetch(`${ask.api}${path}`, { method: 'POST', body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`);
  return text;
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
