import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { answering } from './contestant.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A program that takes the flags of toxiproxy-server. */
export interface Program {
  name: string;
  original: boolean;
  command: readonly [string, ...string[]];
}

/** `stampede toxiproxy` always, the original when there is one. */
export const PROGRAMS: Program[] = [
  { name: 'stampede toxiproxy', original: false, command: [process.execPath, MAIN] },
  ...(process.env.TOXIPROXY_SERVER === undefined
    ? []
    : [{ name: 'toxiproxy-server', original: true, command: [process.env.TOXIPROXY_SERVER] as const }]),
];

export interface Running {
  child: ChildProcess;
  output(): string;
  errors(): string;
  /** The lines of its log so far. */
  lines(): Record<string, unknown>[];
  /** Its exit code, once it has ended and all it wrote is read. */
  code: Promise<number | null>;
}

const running = new Set<ChildProcess>();

/** For the end of a test: nothing may outlive it. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

export function run(program: Program, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const [file, ...before] = program.command;
  const { LOG_LEVEL: _, ...inherited } = process.env;
  const child = spawn(file, [...before, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...inherited, ...env } });
  running.add(child);
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (part: string) => {
      texts[stream] += part;
    });
  }
  return {
    child,
    output: () => texts.stdout,
    errors: () => texts.stderr,
    lines: () =>
      texts.stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    code: once(child, 'close').then(([code]) => {
      running.delete(child);
      return code;
    }),
  };
}

/** A program whose API answers, at a port. */
export async function runAt(
  program: Program,
  port: number,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Running & { url: string }> {
  const started = run(program, ['-port', `${port}`, ...args], env);
  const url = `http://127.0.0.1:${port}`;
  await answering(url);
  return { ...started, url };
}
