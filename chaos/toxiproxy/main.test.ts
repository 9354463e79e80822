import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseFlags } from './flags.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const running = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
});

describe('the program', () => {
  it('says where it listens, serves metrics, and exits 0 within a second of a signal, connections or not', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const program = run('-host', '127.0.0.1', '--port=0', '-proxy-metrics');
      const url = await program.url;
      expect((await fetch(`${url}/metrics`)).status).toBe(200);
      const open = await connectThrough(url);
      const startMs = performance.now();
      program.child.kill(signal);
      expect(await program.code).toBe(0);
      expect(performance.now() - startMs).toBeLessThan(1500);
      open.destroy();
    }
  });

  it('has no metrics unless told to', async () => {
    const program = run('--port', '0');
    expect((await fetch(`${await program.url}/metrics`)).status).toBe(404);
  });

  it('says in one line that its port is taken, and exits 4', async () => {
    const first = run('-port', '0');
    const port = new URL(await first.url).port;
    const second = run('-port', port);
    expect(await second.code).toBe(4);
    expect(await second.errors).toBe(
      `toxiproxy: port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another with -port\n`,
    );
  });

  it('exits when its standard input ends, if tethered', async () => {
    const program = run('-port', '0', '-tether');
    await program.url;
    program.child.stdin?.end();
    expect(await program.code).toBe(0);
  });

  it('creates the proxies of a file, and starts all the same when it cannot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'toxiproxy-'));
    try {
      const good = join(folder, 'good.json');
      await writeFile(good, '[{"name":"p","listen":"127.0.0.1:0","upstream":"127.0.0.1:9"}]');
      const program = run('-port', '0', '-config', good);
      expect(await (await fetch(`${await program.url}/proxies`)).json()).toMatchObject({ p: { enabled: true } });

      const bad = run('-port', '0', '-config', join(folder, 'none.json'));
      expect(await (await fetch(`${await bad.url}/proxies`)).json()).toEqual({});
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('tells its version and its usage', async () => {
    const version = run('-version');
    expect(await version.code).toBe(0);
    expect(await version.output).toBe('toxiproxy-server version 2.12.0\n');
    const wrong = run('-prot', '1');
    expect(await wrong.code).toBe(2);
    expect(await wrong.errors).toMatch(/^expected a flag, got -prot\nusage: /);
  });
});

describe('flags', () => {
  it('are read with one dash or two, with a space or an equals sign', () => {
    expect(parseFlags(['-host=0.0.0.0', '--port', '1', '-seed=-5', '--proxy-metrics=false', '-tether'])).toEqual({
      host: '0.0.0.0',
      port: 1,
      config: undefined,
      proxyMetrics: false,
      seed: -5,
      tether: true,
      version: false,
    });
  });

  it('are refused with what was expected', () => {
    expect(() => parseFlags(['-port', '70000'])).toThrow('-port: expected an integer from 0 to 65535, got 70000');
    expect(() => parseFlags(['-port'])).toThrow('-port: expected a value after it');
    expect(() => parseFlags(['-seed', ''])).toThrow('-seed: expected an integer');
    expect(() => parseFlags(['-tether=maybe'])).toThrow('-tether: expected true or false, got maybe');
    expect(() => parseFlags(['8474'])).toThrow('expected a flag, got 8474');
  });
});

/** A connection through a proxy of this server to its own API, with a toxic that holds what is on it. */
async function connectThrough(url: string): Promise<Socket> {
  const post = async (path: string, body: unknown) =>
    (await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
  const created = await post('/proxies', { name: 'p', listen: '127.0.0.1:0', upstream: new URL(url).host });
  const { listen } = z.object({ listen: z.string() }).parse(created);
  await post('/proxies/p/toxics', { type: 'bandwidth', stream: 'upstream' });
  const socket = connect(Number(listen.split(':')[1]), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write('GET /version HTTP/1.1\r\n');
  return socket;
}

function run(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  const code = new Promise<number | null>((resolve) =>
    child.once('close', (status) => {
      running.delete(child);
      resolve(status);
    }),
  );
  const read = (stream: NodeJS.ReadableStream) =>
    new Promise<string>((resolve) => {
      let all = '';
      stream.on('data', (part: Buffer) => {
        all += part;
      });
      stream.once('end', () => resolve(all));
    });
  const url = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', (line) => {
      try {
        resolve(LISTENING.parse(JSON.parse(line)).url);
      } catch (error) {
        reject(error);
      }
    });
  });
  url.catch(() => {});
  return { child, code, url, output: read(child.stdout), errors: read(child.stderr) };
}

const LISTENING = z.strictObject({ event: z.literal('listening'), url: z.url() });
