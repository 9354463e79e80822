import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { startToxiproxy } from '../server.ts';

/** A server that the contract is held to. */
export interface Contestant {
  url: string;
  /** True for the original: what crashes it is not asked of it. */
  original: boolean;
  close(): Promise<void>;
}

/** What to hold the contract to: a name, and how to start it on a port. */
export interface Entrant {
  name: string;
  original: boolean;
  start(port: number, options?: { proxyMetrics?: boolean }): Promise<Contestant>;
}

/** The path of a toxiproxy-server 2.12.0 binary. */
const binary = process.env.TOXIPROXY_SERVER;

/** The embedded server always, the original when there is one to start. */
export const ENTRANTS: Entrant[] = [
  {
    name: 'the embedded server',
    original: false,
    start: async (port, options) => ({ ...(await startToxiproxy({ port, ...options })), original: false }),
  },
  ...(binary === undefined
    ? []
    : [
        {
          name: 'the original',
          original: true,
          start: (port: number, { proxyMetrics = false } = {}) =>
            run(binary, port, proxyMetrics ? ['-proxy-metrics'] : []),
        },
      ]),
];

async function run(program: string, port: number, flags: readonly string[]): Promise<Contestant> {
  const child = spawn(program, ['-host', '127.0.0.1', '-port', `${port}`, ...flags], {
    stdio: 'ignore',
    env: { ...process.env, LOG_LEVEL: 'disabled' },
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await answering(url);
  return {
    url,
    original: true,
    close: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Waits until a server tells its version. */
export async function answering(url: string): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (performance.now() < deadlineMs) {
    const answer = await fetch(`${url}/version`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`expected ${url}/version to answer within 20000 ms`);
}

/** Of each file of tests its own, so that they can run at the same time: what is free to one may be wanted by another. */
const PORTS = { requests: 20_000, program: 23_000, links: 26_000, client: 29_000, server: 17_000 };

/** A port nobody listens on, outside the range from which the system picks ports for outgoing connections. */
export async function freePort(whose: keyof typeof PORTS): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = PORTS[whose] + Math.floor(Math.random() * 3_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error(`expected a free port from ${PORTS[whose]} on in 100 attempts`);
}
