import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markOf, type ProcessMark } from '../process-mark.ts';
import { openAnswered } from './answered.ts';
import { againstArgument, faultArgument } from './find.ts';

export interface AntagonistOrder {
  /** As `main.ts` knows it: `busy-loops`. */
  kind: string;
  settings: object;
  /** The fault it belongs to; it is found by this, see `find.ts`, and ended by the undo step `end-process`. */
  fault: string;
  /** The entry of the target it is meant for, for the residue scan. */
  against: string;
  /** It ends itself after so long, whoever dies. */
  ttlMs: number;
  /** The processors it may use, as `0-1,4`; those this process may use unless told. Needs `taskset`. */
  cpus?: string;
}

/**
 * Starts a process that is on its own, and resolves once it is at work. Its undo record must be on disk before. When the
 * signal aborts first, it is ended and the call rejects.
 */
export async function spawnAntagonist(order: AntagonistOrder, signal: AbortSignal): Promise<ProcessMark> {
  signal.throwIfAborted();
  const { kind, settings, fault, against, ttlMs, cpus } = order;
  const node = [
    process.execPath,
    MAIN,
    kind,
    faultArgument(fault),
    againstArgument(against),
    `--ttl-ms=${Math.ceil(ttlMs)}`,
    `--settings=${JSON.stringify(settings)}`,
  ];
  const [program = '', ...args] = cpus === undefined ? node : ['taskset', '-c', cpus, ...node];
  const answered = openAnswered();
  const child = startedWith(program, args, answered);
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += String(chunk);
  });
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('error', reject);
      child.once('exit', (code, by) =>
        reject(
          signal.aborted
            ? new Error(`the process for ${kind} was not at work in time`, { cause: signal.reason })
            : new Error(`the process for ${kind} ended at once (${code ?? by}): ${said.trim().slice(0, 300)}`),
        ),
      );
    });
  } finally {
    signal.removeEventListener('abort', stop);
    child.removeAllListeners('exit');
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
  }
  return markOf(child.pid ?? 0);
}

function startedWith(program: string, args: readonly string[], answered: number) {
  try {
    return spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe', answered] });
  } finally {
    closeSync(answered);
  }
}

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
