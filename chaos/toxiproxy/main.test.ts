import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { killAll, PROGRAMS, type Running, run } from './contract/program.ts';
import { parseFlags } from './flags.ts';
import { until } from './test-rig.ts';

/** What `stampede toxiproxy` has that the original has not; contract/program.test.ts has all the rest. */

afterEach(killAll);

describe('the program', () => {
  it('says first where it listens, to whoever holds its tether, and logs beside it', async () => {
    const program = tethered('-config', '/none');
    const url = await listening(program);
    expect((await fetch(`${url}/proxies`)).status).toBe(200);
    expect(program.output()).toBe(`{"event":"listening","url":"${url}"}\n`);
    expect(program.errors()).toContain('Error reading config file');
    program.child.stdin?.end();
    expect(await program.code).toBe(0);
  });

  it('exits 0 within a second of a signal, with a connection whose data is held', async () => {
    const program = tethered();
    const open = await connectThrough(await listening(program));
    const startMs = performance.now();
    program.child.kill('SIGTERM');
    expect(await program.code).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(3_000);
    open.destroy();
  });

  it('names itself in its usage', async () => {
    const wrong = run(EMBEDDED, ['-prot', '1']);
    expect(await wrong.code).toBe(2);
    expect(wrong.errors()).toMatch(/^flag provided but not defined: -prot\nUsage of stampede toxiproxy:\n/);
  });

  it('serves what Node tells of itself', async () => {
    const url = await listening(tethered('-runtime-metrics'));
    const page = await (await fetch(`${url}/metrics`)).text();
    expect(page).toContain(`toxiproxy_build_info{version="2.12.0",node="${process.version}"} 1\n`);
    expect(page).toMatch(/^nodejs_eventloop_lag_seconds \S+$/m);
  });
});

describe('flags', () => {
  it('are read with one dash or two, with a space or an equals sign', () => {
    expect(parseFlags(['-host=0.0.0.0', '--port', '1', '-seed=-5', '--proxy-metrics=false', '-tether'])).toEqual({
      host: '0.0.0.0',
      port: 1,
      config: undefined,
      proxyMetrics: false,
      runtimeMetrics: false,
      seed: -5,
      tether: true,
      version: false,
      help: false,
    });
  });

  it('are refused with what was expected', () => {
    expect(() => parseFlags(['-port', '70000'])).toThrow('-port: expected an integer from 0 to 65535, got 70000');
    expect(() => parseFlags(['-port'])).toThrow('flag needs an argument: -port');
    expect(() => parseFlags(['-seed', ''])).toThrow('-seed: expected an integer');
    expect(() => parseFlags(['-tether=maybe'])).toThrow('-tether: expected true or false, got maybe');
    expect(() => parseFlags(['8474'])).toThrow('expected a flag, got 8474');
  });
});

const [EMBEDDED = { name: '', original: false, command: [''] }] = PROGRAMS;

function tethered(...args: string[]): Running {
  return run(EMBEDDED, ['-port', '0', '-tether', ...args]);
}

async function listening(program: Running): Promise<string> {
  await until('it says where it listens', () => program.output().includes('\n'));
  return LISTENING.parse(program.lines()[0]).url;
}

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

const LISTENING = z.strictObject({ event: z.literal('listening'), url: z.url() });
