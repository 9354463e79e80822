import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { parsePsTime } from './cpu-time.ts';
import { exists, sendSignal, signalTree, treeOf } from './process-tree.ts';
import { parsePs } from './processes.ts';

let root: ChildProcess | undefined;
afterEach(() => {
  if (root?.pid !== undefined) signalTree(root.pid, 'SIGKILL');
});

/** A process, its child and its grandchild, each in a session of its own. */
const SCRIPT = `
  const left = Number(process.argv[1]);
  if (left > 0) require('node:child_process').spawn(process.execPath, ['-e', process.env.SCRIPT, String(left - 1)],
    { detached: true, stdio: ['ignore', 'inherit', 'ignore'] });
  else process.stdout.write('ready');
  setInterval(() => {}, 1e6);
`;

async function threeGenerations(): Promise<number> {
  root = spawn(process.execPath, ['-e', SCRIPT, '2'], {
    env: { SCRIPT },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (root.stdout !== null) await once(root.stdout, 'data');
  return root.pid ?? 0;
}

describe('a process tree', () => {
  it('holds every descendant, whatever session it leads, and gets signals as one', async () => {
    const pid = await threeGenerations();
    const ended = root && once(root, 'exit');
    const tree = treeOf(pid).map((one) => one.pid);
    expect(tree).toHaveLength(3);
    expect(signalTree(pid, 'SIGSTOP')).toBe(3);
    await expect.poll(() => treeOf(pid).map(({ state }) => state)).toEqual(['T', 'T', 'T']);
    signalTree(pid, 'SIGCONT');
    await expect.poll(() => treeOf(pid).some(({ state }) => state === 'T')).toBe(false);
    expect(signalTree(pid, 'SIGKILL')).toBe(3);
    await ended;
    await expect.poll(() => tree.filter(exists)).toEqual([]);
    expect(treeOf(pid)).toEqual([]);
    expect(sendSignal(pid, 'SIGKILL')).toBe(false);
  });
});

describe('without /proc', () => {
  it('processes are read from ps, without remains that nobody has waited for', () => {
    expect(parsePs('    1     0 Ss\n   77     1 Z+\n  812    77 T\n')).toEqual([
      { pid: 1, parent: 0, state: 'S' },
      { pid: 812, parent: 77, state: 'T' },
    ]);
  });

  it('CPU time is read from ps, however long it is', () => {
    expect(parsePsTime('   0:01.50\n')).toBe(1_500);
    expect(parsePsTime('1-02:03:04\n 00:00:01\n')).toBe((86_400 + 2 * 3_600 + 3 * 60 + 4 + 1) * 1_000);
  });
});
