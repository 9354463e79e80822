import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cpuSecOf, parentOf, rssOf } from './process-tree.ts';
import { childrenCpuSec, Processes } from './processes.ts';

describe('a tool', () => {
  it('is run to its end, and its CPU time told', async () => {
    const spin = 'let sum = 0; for (let i = 0; i < 3e7; i++) sum += i; console.log(sum > 0)';
    const ran = await new Processes().run([process.execPath, '-e', spin], { timeoutMs: 20_000 });
    expect(ran.stdout).toBe('true\n');
    expect(ran.cpuSec).toBeGreaterThan(0);
  });

  it('that fails says how, and with what', async () => {
    const failing = new Processes().run(['sh', '-c', 'echo broken >&2; exit 3'], { timeoutMs: 5_000 });
    await expect(failing).rejects.toMatchObject({
      message: 'sh ended with 3, expected 0.',
      facts: expect.arrayContaining(['broken']),
    });
  });

  it('that takes too long is ended, and what it started with it', async () => {
    const processes = new Processes();
    const late = processes.run(['sh', '-c', 'sleep 30 & echo $!; wait'], { timeoutMs: 300 });
    const error = await late.catch((reason: { message: string; facts: string[] }) => reason);
    expect(error).toMatchObject({ message: 'sh was not done within 0.3 s and was ended.' });
    const pid = Number('facts' in error ? error.facts.at(-1) : undefined);
    expect(isAlive(pid)).toBe(false);
  });

  it('is ended when all is closed', async () => {
    const processes = new Processes();
    const running = processes.run(['sleep', '30'], { timeoutMs: 60_000 }).catch((error: Error) => error.message);
    await processes.close();
    expect(await running).toMatch(/sleep/);
  });
});

/** One that nobody has seen out yet is still in the table of processes, but dead. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('the kernel', () => {
  it('tells CPU time through a shell', () => {
    expect(childrenCpuSec('noise\n0m0.00s 0m0.00s\n0m1.50s 1m2.25s\n')).toBe(63.75);
    expect(() => childrenCpuSec('killed')).toThrow("expected the CPU times of a shell's children, got 'killed'");
  });

  it('tells who started a process, whatever it is called', () => {
    expect(parentOf('42 (a (strange) name) S 7 42 42 0')).toBe(7);
  });

  it('tells how much memory is resident', () => {
    expect(rssOf('Name:\tnode\nVmRSS:\t    2048 kB\n')).toBe(2 * 2 ** 20);
    expect(rssOf('')).toBe(0);
  });

  it('tells CPU time, whatever a process is called', () => {
    expect(cpuSecOf('42 (a (b) 9) S 7 42 42 0 -1 4194304 10 0 0 0 150 50 0 0 20')).toBe(2);
    expect(cpuSecOf('')).toBe(0);
  });
});
