import { type ChildProcess, spawn } from 'node:child_process';
import { EXIT, StampedeError } from '../errors.ts';
import { compileCache } from '../places.ts';
import { treeRssBytes } from './process-tree.ts';

/** What a tool did between its start and its end. */
export interface Ran {
  stdout: string;
  stderr: string;
  wallSec: number;
  /** User and system time of the tool and everything it started, as the kernel counted it. */
  cpuSec: number;
  /** The most that it and its children held together, looked at a few times a second. */
  peakRssBytes: number;
}

export interface RunOptions {
  /** It is ended, and the run fails, when it takes longer. */
  timeoutMs: number;
  env?: NodeJS.ProcessEnv;
  /** Watches memory; costs a look at /proc four times a second. */
  watchMemory?: boolean;
  /** A tool may end with something else than 0 because what it found did not please it. */
  anyExitCode?: boolean;
}

/**
 * Everything the bench starts. Tools and servers run in process groups of their own, so that Ctrl-C reaches only the
 * bench, which then ends them by their ids. Servers also end when the bench itself is killed: they hang on its pipe.
 */
export class Processes {
  readonly #running = new Set<ChildProcess>();
  #closed = false;

  /** Runs a tool to its end. The shell around it is there to tell its CPU time, which only a parent is told. */
  run(command: readonly string[], options: RunOptions): Promise<Ran> {
    const startedMs = performance.now();
    const child = this.#start(['sh', '-c', TIMED, 'sh', ...command], 'ignore', options);
    const out = collect(child);
    let peakRssBytes = 0;
    const look = () => {
      peakRssBytes = Math.max(peakRssBytes, treeRssBytes(child.pid ?? 0));
    };
    const watching = options.watchMemory === true ? setInterval(look, 250) : undefined;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#end(child);
    }, options.timeoutMs);
    return new Promise((resolve, reject) => {
      const fail = (what: string) => {
        const facts = [`command: ${command.join(' ')}`, ...tail(out.stderr), ...tail(out.stdout)];
        reject(new StampedeError('bench/tool-failed', what, { exitCode: EXIT.environment, facts }));
      };
      child.on('error', (error) => fail(`${command[0]} could not be started: ${error.message}.`));
      child.on('close', (code, signal) => {
        clearInterval(watching);
        clearTimeout(timer);
        this.#running.delete(child);
        const wallSec = (performance.now() - startedMs) / 1_000;
        if (isLate) fail(`${command[0]} was not done within ${options.timeoutMs / 1_000} s and was ended.`);
        else if (signal !== null) fail(`${command[0]} was ended by ${signal}.`);
        else if (code !== 0 && options.anyExitCode !== true) fail(`${command[0]} ended with ${code}, expected 0.`);
        else resolve({ ...out, wallSec, cpuSec: childrenCpuSec(out.stderr), peakRssBytes });
      });
    });
  }

  /**
   * Starts a server, and waits until it is there: until a line on its standard output matches `ready`, or `isUp` says
   * so. Returns what ends it.
   */
  async serve(
    command: readonly string[],
    isUp: (stdout: string) => Promise<boolean> | boolean,
  ): Promise<{ stdout: () => string; stop: () => Promise<void>; pid: () => number | undefined }> {
    const child = this.#start(['sh', '-c', TETHERED, 'sh', ...command], 'pipe', {});
    const out = collect(child);
    const gone = new Promise<void>((resolve) => child.on('close', () => resolve()));
    child.on('close', () => this.#running.delete(child));
    const stop = async () => {
      child.stdin?.end();
      const late = setTimeout(() => strike(child, 'SIGKILL'), 5_000);
      await gone;
      clearTimeout(late);
    };
    const deadlineMs = performance.now() + 10_000;
    while (!(await isUp(out.stdout))) {
      if (performance.now() > deadlineMs || child.exitCode !== null) {
        await stop();
        throw new StampedeError('bench/no-server', `${command[0]} was not up within 10 s.`, {
          exitCode: EXIT.environment,
          facts: [`command: ${command.join(' ')}`, ...tail(out.stderr)],
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { stdout: () => out.stdout, stop, pid: () => child.pid };
  }

  /** Ends all that still runs, starts nothing more, and waits until it is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.#running].map((child) => {
        const gone = new Promise<void>((resolve) => child.on('close', () => resolve()));
        child.stdin?.end();
        this.#end(child);
        return gone;
      }),
    );
  }

  #start(command: readonly string[], stdin: 'ignore' | 'pipe', { env }: { env?: NodeJS.ProcessEnv }): ChildProcess {
    if (this.#closed) throw new Error('the bench is ending: nothing is started any more');
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      detached: true,
      stdio: [stdin, 'pipe', 'pipe'],
      // As our launcher has it, and for every tool in Node alike: what was compiled is kept.
      env: { NODE_COMPILE_CACHE: compileCache, ...process.env, ...env },
    });
    this.#running.add(child);
    return child;
  }

  /** Asks it to go, and makes it after two seconds. */
  #end(child: ChildProcess): void {
    strike(child, 'SIGTERM');
    const late = setTimeout(() => strike(child, 'SIGKILL'), 2_000);
    child.on('close', () => clearTimeout(late));
  }
}

/** A shell that outlives a SIGTERM to the group, so that it sees its child out and tells its CPU time. */
const TIMED = 'trap : TERM; "$@"; code=$?; times >&2; exit $code';
/** Waits for the end of our pipe, whatever brings it about, and then takes the server along. */
const TETHERED = 'trap : TERM; "$@" </dev/null & pid=$!; cat >/dev/null; kill $pid; wait $pid';

/** To the whole group, which is the child's own: a tool may have started others. */
function strike(child: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // It was gone already.
  }
}

/** From what `times` of a POSIX shell prints: its own line, then that of its children, `0m1.230s 0m4.560s`. */
export function childrenCpuSec(stderr: string): number {
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  const match = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/.exec(last.trim());
  if (!match) throw new Error(`expected the CPU times of a shell's children, got '${last}'`);
  const [, userMin, userSec, systemMin, systemSec] = match.map(Number);
  return (userMin ?? 0) * 60 + (userSec ?? 0) + (systemMin ?? 0) * 60 + (systemSec ?? 0);
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      out[name] += chunk;
    });
  }
  return out;
}

function tail(text: string): string[] {
  return text.trimEnd().split('\n').slice(-5);
}
