import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { healFile, reportHealed } from '../heal.ts';
import { isAlive, type ProcessMark } from '../process-mark.ts';
import { FAREWELL, READY } from './words.ts';

/**
 * Outlives the harness that started it, in order to undo its faults. Arguments: the run's undo file, and the harness (its
 * process id and start). Its standard input is a pipe that only the harness holds: it ends when the harness does, however
 * that happens. A word on it says that all is well.
 */
async function watch(path: string, harness: ProcessMark): Promise<void> {
  if ((await howItEnds(harness)) === 'well') return;
  const untilMs = performance.now() + LONG_MS;
  // What cannot be undone yet may be in a while: a target that is being restarted, a proxy that is overloaded.
  while (existsSync(path) && performance.now() < untilMs) {
    // Its pipe ends a moment before the process does.
    if (!isAlive(harness)) {
      const healed = await healFile(path, { all: false, deadlineMs: TRY_MS });
      reportHealed(
        path,
        healed.filter((one) => one.clean),
      );
    }
    await sleep(RETRY_MS);
  }
}

function howItEnds(harness: ProcessMark): Promise<'well' | 'gone'> {
  return new Promise((resolve) => {
    let said = '';
    process.stdin.on('data', (bytes) => {
      said += String(bytes);
      if (said.includes(FAREWELL)) resolve('well');
    });
    process.stdin.on('end', () => resolve('gone'));
    process.stdin.on('error', () => resolve('gone'));
    // Should anybody else hold the pipe by mistake.
    setInterval(() => {
      if (!isAlive(harness)) resolve('gone');
    }, 1_000).unref();
  });
}

const LONG_MS = 120_000;
const TRY_MS = 15_000;
const RETRY_MS = 50;

// Whatever ends the harness from a terminal must not end this too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
const [path = '', pid = '', started = ''] = process.argv.slice(2);
process.stdout.write(READY);
await watch(path, { pid: Number(pid), started });
process.exit(0);
