import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { markOf } from '../process-mark.ts';
import { FAREWELL } from './words.ts';

export interface Watchdog {
  pid: number | undefined;
  /** Resolves when it watches, or when there is none. */
  ready: Promise<void>;
  /** All faults are undone: it may go. */
  dismiss(): void;
}

/**
 * Starts the process that undoes this one's faults should it die. It has a session of its own, so that nothing that ends a
 * terminal's processes ends it. `onFailure` is told when there will be none; faults are then undone by their leases and by
 * the next start.
 */
export function startWatchdog(undoFile: string, onFailure: (why: string) => void): Watchdog {
  const { pid, started } = markOf(process.pid);
  const program = fileURLToPath(new URL('main.ts', import.meta.url));
  const watchdog = spawn(process.execPath, [program, undoFile, String(pid), started], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let isDismissed = false;
  const ready = new Promise<void>((resolve) => {
    const fail = (why: string) => {
      if (!isDismissed) onFailure(why);
      isDismissed = true;
      resolve();
    };
    const late = setTimeout(() => fail('it did not start within 10 s'), 10_000);
    late.unref();
    watchdog.on('error', (error) => fail(error.message));
    watchdog.on('exit', (code, signal) => fail(signal ? `it was killed by ${signal}` : `it ended with code ${code}`));
    watchdog.stdout.once('data', () => {
      clearTimeout(late);
      watchdog.stdout.destroy();
      resolve();
    });
  });
  watchdog.stdin.on('error', () => {});
  watchdog.unref();
  if ('unref' in watchdog.stdin && typeof watchdog.stdin.unref === 'function') watchdog.stdin.unref();
  return {
    pid: watchdog.pid,
    ready,
    dismiss() {
      isDismissed = true;
      watchdog.stdin.end(FAREWELL);
    },
  };
}
