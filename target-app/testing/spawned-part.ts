import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type PartLaunch, writeFiles } from '../parts/launch.ts';
import { processesIn } from '../supervisor/process-identity.ts';
import { endAll } from '../supervisor/target-dir.ts';

/** A real part in processes of its own, which a test can kill, all of them at once, and start again. For tests. */
export class SpawnedPart {
  readonly #launch: PartLaunch;
  readonly #probe: () => Promise<unknown>;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(launch: PartLaunch, probe: () => Promise<unknown>) {
    this.#launch = launch;
    this.#probe = probe;
  }

  /** Resolves when the probe does. @throws with what the part wrote when it does not in time */
  async start(): Promise<void> {
    writeFiles(this.#launch);
    const { command, args, env, folder } = this.#launch;
    const child = spawn(command, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-4_000);
      });
    }
    const deadlineMs = Date.now() + 40_000;
    for (;;) {
      try {
        await this.#probe();
        return;
      } catch (error) {
        const ended = child.exitCode !== null || child.signalCode !== null;
        if (ended || Date.now() > deadlineMs) {
          await this.kill();
          throw new Error(`${command} ${ended ? 'ended' : 'is not ready'}: ${String(error)}\n${this.#output}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  }

  /** At once and for certain, with everything it has forked. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    await endAll(processesIn(this.#launch.folder));
  }
}
