import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'vitest';
import { bytes, until } from '../test-rig.ts';
import { ask } from './ask.ts';
import { freePort } from './contestant.ts';
import type { Difference } from './differences.ts';
import { type Program, run, runAt } from './program.ts';

/** Where the program does something else than the original, on purpose: what each of the two does. */
export const PROGRAM_DIFFERENCES = {
  'a taken port': async (program) => {
    const port = await freePort('program');
    await runAt(program, port);
    const second = run(program, ['-port', `${port}`], { LOG_LEVEL: 'error' });
    if (program.original) {
      // It goes on without an API.
      await until('it is logged', () => second.lines().length > 0);
      expect(second.lines()).toEqual([
        expect.objectContaining({
          level: 'error',
          error: `listen tcp 127.0.0.1:${port}: bind: address already in use`,
          message: 'Server finished with error',
        }),
      ]);
      expect(second.child.exitCode).toBeNull();
    } else {
      expect(await second.code).toBe(4);
      expect(second.errors()).toBe(
        `toxiproxy: port ${port} on localhost is taken: stop what listens there, or choose another with -port\n`,
      );
    }
  },

  'arguments that are no flags': async (program) => {
    const port = await freePort('program');
    const args = ['-port', `${port}`, 'config.json', '-nope'];
    if (program.original) {
      const up = await runAt(program, port, args.slice(2));
      expect(up.errors()).toBe('');
    } else {
      const ended = run(program, args);
      expect(await ended.code).toBe(2);
      expect(ended.errors()).toMatch(/^expected a flag, got config.json\nUsage of /);
    }
  },

  '-seed': async (program) => {
    const first = await luckOf(program);
    expect(first).toMatch(/yes.*no|no.*yes/);
    expect((await luckOf(program)) === first).toBe(!program.original);
  },

  logs: async (program) => {
    const up = await runAt(program, await freePort('program'));
    await ask(up.url, { send: 'GET /proxies' });
    await until('it is logged', () => up.lines().some(({ url }) => url === '/proxies'));
    const names = new Set(up.lines().flatMap((line) => Object.keys(line)));
    expect([names.has('caller'), names.has('handler')]).toEqual([program.original, program.original]);
  },

  'metrics of the process': async (program) => {
    const up = await runAt(program, await freePort('program'), ['-runtime-metrics'], { LOG_LEVEL: 'disabled' });
    const { body } = await ask(up.url, { send: 'GET /metrics' });
    const has = (name: string) => new RegExp(`^${name}`, 'm').test(body);
    expect([has('go_build_info{'), has('go_goroutines ')]).toEqual([program.original, program.original]);
    expect([has('toxiproxy_build_info{'), has('nodejs_')]).toEqual([!program.original, !program.original]);
  },

  'clients that come at a shutdown': async (program) => {
    const [port, a] = [await freePort('program'), await freePort('program')];
    const up = await runAt(program, port, [], { LOG_LEVEL: 'info' });
    await ask(up.url, { send: 'POST /proxies', body: proxyOf(up.url, a) });
    const asking = connect(port, '127.0.0.1');
    asking.on('error', () => {});
    asking.write('POST /proxies HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{');
    // The request is under way once a later one has been answered.
    await ask(up.url, { send: 'GET /proxies' });
    up.child.kill('SIGTERM');
    await until('the API takes nobody', () => refused(port));
    expect(await refused(a)).toBe(!program.original);
    asking.write('}');
    expect(await up.code).toBe(0);
  },
} satisfies Partial<Record<Difference, (program: Program) => Promise<void>>>;

/** Whether somebody who comes is refused. */
export async function refused(port: number): Promise<boolean> {
  const late = connect(port, '127.0.0.1');
  try {
    await once(late, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    late.destroy();
  }
}

/** Which of 32 connections a toxic of every second one hits, under the same seed each time. */
async function luckOf(program: Program): Promise<string> {
  const [port, a] = [await freePort('program'), await freePort('program')];
  const up = await runAt(program, port, ['-seed', '7'], { LOG_LEVEL: 'disabled' });
  await ask(up.url, { send: 'POST /proxies', body: proxyOf(up.url, a) });
  const toxic = '{"type":"limit_data","attributes":{"bytes":1},"toxicity":0.5}';
  await ask(up.url, { send: 'POST /proxies/p/toxics', body: toxic });
  const luck: string[] = [];
  for (let at = 0; at < 32; at += 1) {
    const client = connect(a, '127.0.0.1');
    client.write('GET /version HTTP/1.1\r\nHost: x\r\n\r\n');
    luck.push(
      await bytes(client, 2).then(
        () => 'no',
        () => 'yes',
      ),
    );
    client.destroy();
  }
  up.child.kill('SIGKILL');
  await up.code;
  return luck.join(' ');
}

function proxyOf(url: string, port: number): string {
  return JSON.stringify({ name: 'p', listen: `127.0.0.1:${port}`, upstream: new URL(url).host });
}
