import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Ended {
  /** Undefined when there is no such program. */
  code: number | undefined;
  stdout: string;
  /** Its last lines, at most a few hundred. */
  stderr: string[];
}

interface RunOptions {
  env?: Record<string, string | undefined>;
  /** Ends the program, and rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Each line of standard error as it comes. */
  onLine?: (line: string) => void;
}

/** Runs a program to its end, in a group of its own: the terminal's Ctrl-C is for us. */
export async function runProgram(command: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { env = {}, signal, onLine } = options;
  signal?.throwIfAborted();
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  const stderr: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    stderr.push(line);
    if (stderr.length > MOST_LINES) stderr.shift();
    onLine?.(line);
  });
  const code = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' || error.code === 'EACCES' ? resolve(undefined) : reject(error),
    );
    child.once('close', (exitCode, by) => resolve(exitCode ?? (by === null ? 1 : 128)));
  });
  signal?.removeEventListener('abort', kill);
  signal?.throwIfAborted();
  return { code, stdout, stderr };
}

const MOST_LINES = 300;
