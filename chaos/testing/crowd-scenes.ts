import { spawn } from 'node:child_process';
import { Agent, createServer, get } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Topology } from '../topology.ts';

/** The load around a crowd: so many requests a second, until it is disposed of. */
export function startAsking(url: string, perSec: number): AsyncDisposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const timer = setInterval(() => {
    for (let asked = 0; asked < perSec / TICKS_PER_SEC; asked += 1) {
      get(url, { agent }, (answer) => answer.resume()).on('error', () => {});
    }
  }, 1_000 / TICKS_PER_SEC);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      agent.destroy();
    },
  };
}

/**
 * Pages of metrics of one job. Each says what it has counted at its first look, its second and so on; undefined is an error of
 * the page.
 */
export async function startPages(
  pages: Record<string, (look: number) => number | undefined>,
): Promise<AsyncDisposable & { scrapes: Topology['scrapes'] }> {
  const looks = new Map<string, number>();
  const server = createServer(({ url = '' }, response) => {
    const look = (looks.get(url) ?? 0) + 1;
    looks.set(url, look);
    const count = pages[url.slice(1)]?.(look);
    if (count === undefined) response.writeHead(503).end();
    else response.end(`http_server_requests_total ${count}\n`);
  });
  const at = `http://127.0.0.1:${await listening(server)}`;
  return {
    scrapes: Object.keys(pages).map((name) => ({ job: 'shop', url: `${at}/${name}`, labels: {} })),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Accepts whoever comes and never says a word, as a port that Docker publishes while what is behind it stands still. */
export async function startSilentServer(
  pid: number | undefined,
): Promise<AsyncDisposable & { topology: Topology; taken(): number }> {
  const taken: Socket[] = [];
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    taken.push(socket);
  });
  const address = `127.0.0.1:${await listening(server)}`;
  const by = pid === undefined ? { container: 'shop' } : { pid };
  return {
    topology: {
      entry: `http://${address}`,
      nodes: [{ name: 'shop', role: 'shop', by, listens: { address, protocol: 'http' } }],
      links: [],
      scrapes: [],
      stores: [],
    },
    taken: () => taken.length,
    async [Symbol.asyncDispose]() {
      for (const socket of taken) socket.destroy();
      server.close();
    },
  };
}

/** A process that has nothing to do with anything here. */
export function startProgram(program: string, ...args: string[]): Disposable & { pid: number | undefined } {
  const child = spawn(program, args, { stdio: 'ignore' });
  return {
    pid: child.pid,
    [Symbol.dispose]() {
      child.kill();
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve));
  return (server.address() as AddressInfo).port;
}

const TICKS_PER_SEC = 50;
