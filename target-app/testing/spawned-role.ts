import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { probeReadyz } from '../supervisor/probes.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** One role of this program in a process of its own, which a test can kill and start again. For tests. */
export class SpawnedRole {
  readonly url: string;
  readonly #args: string[];
  #child: ChildProcess | undefined;

  /** `opsPort` is where it answers /readyz, when that is not where it serves. */
  constructor(role: string, name: string, port: number, flags: Record<string, string>, opsPort = port) {
    this.url = `http://127.0.0.1:${opsPort}`;
    const all = { name, port: String(port), ...flags };
    this.#args = [MAIN, role, ...Object.entries(all).map(([key, value]) => `--${key}=${value}`)];
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, this.#args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child = child;
    const deadlineMs = Date.now() + 20_000;
    for (;;) {
      try {
        return await probeReadyz(this.url, false);
      } catch (error) {
        if (child.exitCode !== null) throw new Error(`the role ended with exit code ${child.exitCode}`);
        if (Date.now() > deadlineMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}
