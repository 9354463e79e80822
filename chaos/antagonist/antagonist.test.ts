import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive, type ProcessMark } from '../process-mark.ts';
import { undo } from '../undo.ts';
import { antagonistsOf } from './find.ts';
import { spawnAntagonist } from './spawn.ts';

const soon = () => AbortSignal.timeout(10_000);
const faults: string[] = [];

function order(kind: string, settings: object, ttlMs: number) {
  const fault = `stampede-test-${randomUUID()}`;
  faults.push(fault);
  return { kind, settings, fault, against: 'http://127.0.0.1:1', ttlMs };
}

afterEach(async () => {
  for (const fault of faults.splice(0)) await undo({ step: 'end-process', fault }, soon());
});

async function gone(mark: ProcessMark): Promise<void> {
  while (isAlive(mark)) await sleep(10);
}

describe('an antagonist', () => {
  it('is found by the fault it was started for, and ended by the undo step', async () => {
    const given = order('held-memory', { megabytes: 1 }, 60_000);
    const started = await spawnAntagonist(given, soon());
    const found = { process: started, kind: 'held-memory', fault: given.fault, against: given.against };
    expect(antagonistsOf(given.fault)).toEqual([found]);
    expect(await undo({ step: 'end-process', fault: given.fault }, soon())).toEqual({
      clean: true,
      evidence: `no process of ${given.fault} runs`,
    });
    expect(isAlive(started)).toBe(false);
  });

  it('ends itself when its time is over, though its loops are busy', async () => {
    const started = await spawnAntagonist(order('busy-loops', { loops: 1, nice: 19 }, 600), soon());
    expect(isAlive(started)).toBe(true);
    await gone(started);
  });

  it('outlives a harness that is killed, is found by what was written down before, and is undone', async () => {
    const given = order('held-memory', { megabytes: 1 }, 60_000);
    const spawnModule = JSON.stringify(new URL('./spawn.ts', import.meta.url).href);
    const script = `
      const { spawnAntagonist } = await import(${spawnModule});
      await spawnAntagonist(${JSON.stringify(given)}, AbortSignal.timeout(10_000));
      process.stdout.write('started');
      setInterval(() => {}, 1e6);
    `;
    const harness = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(harness.stdout, 'data');
    harness.kill('SIGKILL');
    await once(harness, 'exit');
    const [left] = antagonistsOf(given.fault);
    expect(left && isAlive(left.process)).toBe(true);
    expect((await undo({ step: 'end-process', fault: given.fault }, soon())).clean).toBe(true);
    expect(left && isAlive(left.process)).toBe(false);
  });

  it('says why it cannot begin', async () => {
    const starting = spawnAntagonist(order('held-memory', { megabytes: 0 }, 60_000), soon());
    await expect(starting).rejects.toThrow(/the process for held-memory ended at once \(1\): .*megabytes/s);
    const unknown = spawnAntagonist(order('nothing', {}, 60_000), soon());
    await expect(unknown).rejects.toThrow('expected one of busy-loops, held-memory');
  });

  it('is ended when it takes too long to begin', async () => {
    const given = order('held-memory', { megabytes: 1 }, 60_000);
    await expect(spawnAntagonist(given, AbortSignal.timeout(1))).rejects.toThrow(/not at work in time|timeout/);
    await expect.poll(() => antagonistsOf(given.fault)).toEqual([]);
  });

  it('is undone when there never was one', async () => {
    expect((await undo({ step: 'end-process', fault: 'stampede-nobody' }, soon())).clean).toBe(true);
  });
});
