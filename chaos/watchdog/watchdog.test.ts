import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heal } from '../heal.ts';
import { isAlive, markOf, type ProcessMark } from '../process-mark.ts';
import { startToxiproxy, type Toxiproxy } from '../toxiproxy/server.ts';
import { proxyState } from '../toxiproxy-client.ts';

const PROGRAM = new URL('testing-harness.ts', import.meta.url).pathname;
const soon = () => AbortSignal.timeout(5_000);

let directory: string;
let server: Toxiproxy;
let harness: ChildProcess;
let watchdog: ProcessMark;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'watchdog-'));
  server = await startToxiproxy({ port: 0 });
  await server.populate(JSON.stringify([{ name: 'a->b', listen: '127.0.0.1:0', upstream: '127.0.0.1:9' }]));
  harness = spawn(process.execPath, [PROGRAM, directory, server.url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) => harness.stdout?.once('data', (line) => resolve(Number(line))));
  watchdog = markOf(pid);
});

afterEach(async () => {
  harness.kill('SIGKILL');
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

const toxics = async () => (await proxyState(server.url, 'a->b', soon()))?.toxics.length;

describe('the watchdog', () => {
  it('undoes what a killed harness left, tells the next start, and goes', async () => {
    expect(await toxics()).toBe(1);
    harness.kill('SIGKILL');
    await until(async () => (await toxics()) === 0);
    await until(() => !isAlive(watchdog));
    expect(existsSync(join(directory, 'run.ndjson'))).toBe(false);
    expect(await heal(directory, { all: false, deadlineMs: 5_000 })).toEqual([
      { run: 'run', fault: 'slow', target: 'a->b', clean: true, evidence: 'by its watchdog: no toxic left on a->b' },
    ]);
    expect(await heal(directory, { all: false, deadlineMs: 5_000 })).toEqual([]);
  });

  it('touches nothing while the harness lives, and goes when it is told that all is well', async () => {
    process.kill(watchdog.pid, 'SIGINT');
    process.kill(watchdog.pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isAlive(watchdog)).toBe(true);
    expect(await toxics()).toBe(1);
    harness.stdin?.write('end\n');
    await until(() => !isAlive(watchdog));
    expect(await toxics()).toBe(1);
  });

  it('and the next start may both heal at once, and it is done once', async () => {
    harness.kill('SIGKILL');
    await until(() => !isAlive(markOf(harness.pid ?? 0)));
    const both = await Promise.all([1, 2, 3].map(() => heal(directory, { all: false, deadlineMs: 5_000 })));
    await until(() => !isAlive(watchdog));
    const all = [...both.flat(), ...(await heal(directory, { all: false, deadlineMs: 5_000 }))];
    expect(all).toHaveLength(1);
    expect(await toxics()).toBe(0);
  });
});

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + 10_000;
  while (!(await done())) {
    if (performance.now() > untilMs) throw new Error('not within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
