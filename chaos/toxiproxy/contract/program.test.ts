import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../test-rig.ts';
import { ask } from './ask.ts';
import { freePort } from './contestant.ts';
import { killAll, PROGRAMS, run, runAt } from './program.ts';
import { PROGRAM_DIFFERENCES, refused } from './program-differences.ts';
import { created, proxy, wanted } from './step.ts';

/** Flags, files, logs, metrics and signals: the same for `stampede toxiproxy` and toxiproxy-server. */

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toxiproxy-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(killAll);

/** Without what differs from run to run, and from language to language. */
const told = (line: Record<string, unknown>) => {
  const { time: _, caller: __, handler: ___, ...rest } = line;
  return rest;
};

describe.each(PROGRAMS)('$name', (program) => {
  it.each([
    ['-version', 0, 'toxiproxy-server version '],
    ['--version', 0, 'toxiproxy-server version '],
    ['-version=true', 0, 'toxiproxy-server version '],
    ['-version=T', 0, 'toxiproxy-server version '],
    ['-version=1', 0, 'toxiproxy-server version '],
    ['-proxy-metrics -version', 0, 'toxiproxy-server version '],
    ['-runtime-metrics=false -version', 0, 'toxiproxy-server version '],
    ['-seed 5 -host=0.0.0.0 --port=1 -config x -version', 0, 'toxiproxy-server version '],
    ['-seed=-5 -version', 0, 'toxiproxy-server version '],
  ])('%s: exits %i and tells its version', async (args, code, output) => {
    const ended = run(program, args.split(' '));
    expect(await ended.code).toBe(code);
    expect(ended.output()).toMatch(new RegExp(`^${output}(2\\.12\\.0|git)\n$`));
    expect(ended.errors()).toBe('');
  });

  it.each([
    ['-h', 0, /^Usage of /],
    ['-help', 0, /^Usage of /],
    ['--help', 0, /^Usage of /],
    ['-nope', 2, /^flag provided but not defined: -nope\nUsage of /],
    ['--nope=1', 2, /^flag provided but not defined: -nope\nUsage of /],
    ['-port', 2, /^flag needs an argument: -port\nUsage of /],
    ['-config', 2, /^flag needs an argument: -config\nUsage of /],
    ['-seed x', 2, /seed.*\nUsage of /],
    ['-seed 1.5', 2, /seed.*\nUsage of /],
    ['-version=maybe', 2, /version.*\nUsage of /],
    ['-proxy-metrics=2', 2, /proxy-metrics.*\nUsage of /],
  ])('%s: exits %i with the usage on standard error', async (args, code, errors) => {
    const ended = run(program, args.split(' '));
    expect(await ended.code).toBe(code);
    expect(ended.errors()).toMatch(errors);
    expect(ended.output()).toBe('');
  });

  it('listens on localhost unless told', async () => {
    const port = await freePort('program');
    const up = await runAt(program, port);
    expect((await ask(`http://localhost:${port}`, { send: 'GET /proxies' })).body).toBe('{}');
    const elsewhere = connect(port, '127.0.0.2');
    const [refused] = await once(elsewhere, 'error');
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    up.child.kill('SIGTERM');
    expect(await up.code).toBe(0);
  });

  it('listens everywhere on 0.0.0.0', async () => {
    const port = await freePort('program');
    await runAt(program, port, ['-host', '0.0.0.0']);
    expect((await ask(`http://127.0.0.2:${port}`, { send: 'GET /proxies' })).body).toBe('{}');
  });

  it('has the proxies of its file before it answers, and says so', async () => {
    const [port, a] = [await freePort('program'), await freePort('program')];
    const file = join(folder, 'good.json');
    await writeFile(file, `[${wanted('p', a, ',"toxics":[{"type":"noop"}]')}]`);
    const up = await runAt(program, port, ['-config', file], { LOG_LEVEL: 'info' });
    expect((await ask(up.url, { send: 'GET /proxies' })).body).toBe(`{"p":${proxy('p', a)}}`);
    const p = { name: 'p', listen: `127.0.0.1:${a}`, upstream: '127.0.0.1:9' };
    await until('it is logged', () => up.lines().length >= 4);
    expect(up.lines().slice(0, 4).map(told)).toEqual([
      { level: 'info', version: expect.any(String), message: 'Starting Toxiproxy' },
      { level: 'info', ...p, message: 'Started proxy' },
      { level: 'info', proxies: 1, message: 'Populated proxies from file' },
      { level: 'info', address: expect.stringMatching(`:${port}$`), message: 'Starting Toxiproxy HTTP server' },
    ]);
  });

  it.each([
    [
      'is not there',
      undefined,
      { error: expect.stringContaining('no such file'), message: 'Error reading config file' },
    ],
    ['is no JSON', '{', { error: 'bad request body: unexpected EOF', message: 'Failed to populate proxies from file' }],
    [
      'is no array',
      '{}',
      { error: expect.stringMatching(/^bad request body: json/), message: 'Failed to populate proxies from file' },
    ],
    [
      'lacks a field',
      '[{"name":"p"}]',
      { error: 'missing required field: upstream at proxy 1', message: 'Failed to populate proxies from file' },
    ],
    [
      'cannot be listened on',
      `[{"name":"p","upstream":"x","listen":"nonsense"}]`,
      {
        error: 'listen tcp: address nonsense: missing port in address',
        message: 'Failed to populate proxies from file',
      },
    ],
  ])('starts all the same when its file %s', async (title, text, line) => {
    const file = join(folder, `${title}.json`);
    if (text !== undefined) await writeFile(file, text);
    const up = await runAt(program, await freePort('program'), ['-config', file], { LOG_LEVEL: 'error' });
    expect((await ask(up.url, { send: 'GET /proxies' })).body).toBe('{}');
    await until('it is logged', () => up.lines().length > 0);
    expect(up.lines().map(told)).toEqual([
      { level: 'error', ...(line.message.startsWith('Error') ? { config: file } : {}), ...line },
    ]);
  });

  it('logs what it does, everything unless LOG_LEVEL says less', async () => {
    const [port, a] = [await freePort('program'), await freePort('program')];
    const up = await runAt(program, port);
    await ask(up.url, { send: 'POST /proxies', body: wanted('p', a), headers: { 'user-agent': 'test' } });
    await ask(up.url, { send: 'POST /proxies', body: wanted('q', 'nonsense') });
    const client = connect(a, '127.0.0.1');
    await once(client.resume(), 'close');
    await ask(up.url, { send: 'DELETE /proxies/p' });
    await until('it is logged', () => up.lines().some((line) => line.message === 'Terminated proxy'));
    const p = { name: 'p', listen: `127.0.0.1:${a}`, upstream: '127.0.0.1:9' };
    const all = up.lines().map(told);
    const has = (line: Record<string, unknown>) => expect(all).toContainEqual(line);
    has({ level: 'info', ...p, message: 'Started proxy' });
    has({ level: 'info', ...p, client: expect.stringMatching(/^127\.0\.0\.1:\d+$/), message: 'Accepted client' });
    has({
      level: 'error',
      ...p,
      error: expect.stringContaining('127.0.0.1:9'),
      client: expect.any(String),
      message: 'Unable to open connection to upstream',
    });
    has({ level: 'info', ...p, message: 'Terminated proxy' });
    has({
      level: 'warn',
      error: 'listen tcp: address nonsense: missing port in address',
      message: 'Error did not include status code',
    });
    has({
      level: 'debug',
      request_id: expect.stringMatching(/^[0-9a-v]{20}$/),
      client: expect.any(String),
      method: 'POST',
      url: '/proxies',
      user_agent: 'test',
      status: 201,
      size: expect.any(Number),
      duration: expect.any(Number),
    });
    for (const { time } of up.lines()) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it.each([
    ['debug', ['info', 'debug']],
    ['INFO', ['info']],
    ['warn', []],
    ['error', []],
    ['panic', []],
    ['disabled', []],
  ])('logs at LOG_LEVEL %s', async (level, levels) => {
    const up = await runAt(program, await freePort('program'), [], { LOG_LEVEL: level });
    await ask(up.url, { send: 'GET /proxies' });
    up.child.kill('SIGTERM');
    expect(await up.code).toBe(0);
    expect([...new Set(up.lines().map((line) => line.level))]).toEqual(levels);
    expect(up.lines().at(-1)?.message).toBe(levels.length === 0 ? undefined : 'Shutdown started');
  });

  it('logs that it does not know a LOG_LEVEL, and everything', async () => {
    const up = await runAt(program, await freePort('program'), [], { LOG_LEVEL: 'loud' });
    await until('everything is logged', () => up.lines().some((line) => line.level === 'debug'));
    expect(told(up.lines()[0] ?? {})).toEqual({
      level: 'error',
      error: expect.any(String),
      message: 'unknown LOG_LEVEL value: "loud"',
    });
  });

  it.each([
    ['-proxy-metrics', true, false],
    ['-runtime-metrics', false, true],
    ['-proxy-metrics -runtime-metrics', true, true],
  ])('serves what %s asks for at /metrics, by any method', async (flags, ofProxies, ofProcess) => {
    const [port, a] = [await freePort('program'), await freePort('program')];
    const up = await runAt(program, port, flags.split(' '), { LOG_LEVEL: 'disabled' });
    await ask(up.url, {
      send: 'POST /proxies',
      body: `{"name":"p","listen":"127.0.0.1:${a}","upstream":"127.0.0.1:${port}"}`,
    });
    const through = await ask(`http://127.0.0.1:${a}`, {
      send: 'GET /version',
      headers: { connection: 'close', 'user-agent': 'test' },
    });
    expect(through.status).toBe(200);
    const labels = (direction: string) =>
      `{direction="${direction}",listener="127.0.0.1:${a}",proxy="p",upstream="127.0.0.1:${port}"}`;
    const value = async (name: string) => {
      const { body } = await ask(up.url, { send: 'POST /metrics' });
      const line = body.split('\n').find((candidate) => candidate.startsWith(`${name} `));
      return line === undefined ? undefined : Number(line.slice(name.length));
    };
    const received = `toxiproxy_proxy_received_bytes_total${labels('upstream')}`;
    if (ofProxies) await until('bytes are counted', async () => ((await value(received)) ?? 0) > 0);
    expect((await value(received)) !== undefined).toBe(ofProxies);
    expect((await value(`toxiproxy_proxy_sent_bytes_total${labels('upstream')}`)) !== undefined).toBe(ofProxies);
    for (const name of [
      'process_cpu_seconds_total',
      'process_max_fds',
      'process_open_fds',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'process_virtual_memory_bytes',
    ]) {
      expect((await value(name)) !== undefined, name).toBe(ofProcess);
    }
    const page = await ask(up.url, { send: 'GET /metrics' });
    expect(page).toMatchObject({ status: 200, routed: true, nosniff: false });
    expect(page.type).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
    expect(page.body.includes('_build_info{')).toBe(ofProcess);
  });

  it.each(Object.entries(PROGRAM_DIFFERENCES))('differs on purpose: %s', (_difference, test) => test(program));

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes the answers under way on %s, and cuts what it carries',
    async (signal) => {
      const [port, a, b] = [await freePort('program'), await freePort('program'), await freePort('program')];
      const up = await runAt(program, port, [], { LOG_LEVEL: 'info' });
      const through = `{"name":"p","listen":"127.0.0.1:${a}","upstream":"127.0.0.1:${port}"}`;
      await ask(up.url, { send: 'POST /proxies', body: through });
      const carried = connect(a, '127.0.0.1');
      carried.on('error', () => {});
      await once(carried, 'connect');

      const body = wanted('q', b);
      const asking = connect(port, '127.0.0.1');
      let answer = '';
      asking.setEncoding('utf8').on('data', (part: string) => {
        answer += part;
      });
      asking.write(`POST /proxies HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`);
      // The request is under way once a later one has been answered.
      await ask(up.url, { send: 'GET /proxies' });
      up.child.kill(signal);
      await until('the shutdown has begun', () => up.output().includes('Shutdown started'));
      await until('nobody new is let in', () => refused(port));
      up.child.kill(signal);
      asking.write(body.slice(10));
      expect(await up.code).toBe(0);
      expect(answer).toMatch(/^HTTP\/1\.1 201 Created\r\n/);
      expect(answer.slice(answer.indexOf('\r\n\r\n') + 4)).toBe(created(proxy('q', b)).body);
      if (!carried.destroyed) await once(carried.resume(), 'close');
    },
  );
});
