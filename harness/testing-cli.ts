import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { targetDirectoryOf } from './places.ts';

/** Test support: the command line as a user has it, in a folder of its own. */
export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), 'stampede-test-'));
  readonly #running = new Set<ChildProcess>();

  /** Writes a scenario; `import ... from 'stampede'` works from anywhere. */
  scenario(name: string, source: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, source);
    return path;
  }

  copy(from: string, name: string): string {
    const path = join(this.directory, name);
    cpSync(from, path);
    return path;
  }

  start(args: string[], env: NodeJS.ProcessEnv = {}): Started {
    // The program itself, not its launcher: a signal must reach the harness.
    const child = spawn(process.execPath, [join(import.meta.dirname, 'cli.ts'), ...args], {
      cwd: this.directory,
      env: { ...process.env, NO_COLOR: '1', CI: '', GITHUB_STEP_SUMMARY: '', STAMPEDE_TEST: this.directory, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      out.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      out.stderr += chunk;
    });
    const ended = new Promise<Ended>((resolve) =>
      child.on('close', (code, signal) => {
        this.#running.delete(child);
        resolve({ code: code ?? (signal === null ? -1 : 128), ...out });
      }),
    );
    return { child, out, ended };
  }

  run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }

  get runs(): string[] {
    return readdirSync(join(this.directory, 'reports/runs')).sort();
  }

  read(...path: string[]): string {
    return readFileSync(join(this.directory, ...path), 'utf8');
  }

  /** Processes that this folder's runs and targets have started, and that are still there. Linux only. */
  leftovers(): string[] {
    const marks = [`STAMPEDE_TEST=${this.directory}\0`, targetDirectoryOf(this.directory)];
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        const command = readProcess(pid, 'cmdline').replaceAll('\0', ' ');
        const environment = readProcess(pid, 'environ');
        return marks.some((mark) => command.includes(mark) || environment.includes(mark)) ? [`${pid} ${command}`] : [];
      });
  }

  async close(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    await this.run(['target', 'down']).catch(() => {});
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Empty when the process is gone, or not ours to look at. */
function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Started {
  child: ChildProcess;
  /** What it has printed so far. */
  out: { stdout: string; stderr: string };
  ended: Promise<Ended>;
}

export async function until(what: string, done: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
