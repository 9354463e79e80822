import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../supervisor/progress.ts';
import type { Topology } from '../topology.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const FAULT_PROXY = fileURLToPath(new URL('../../chaos/toxiproxy/main.ts', import.meta.url));

/** A supervisor in a process of its own, as a user of this program has it. For tests. */
export class SpawnedTarget {
  readonly dir: string;
  readonly progress: Progress[] = [];
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<'ready' | 'ended'>;

  constructor(dir: string, extra: readonly string[] = []) {
    this.dir = dir;
    const proxy = JSON.stringify([process.execPath, FAULT_PROXY, '-port', '0', '-proxy-metrics']);
    const args = [MAIN, 'up', '--dir', dir, '--proxy', proxy, '--tether', ...extra];
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.exited = new Promise((resolve) => this.#child.once('exit', (code) => resolve(code)));
    const { stdout } = this.#child;
    this.#ended = new Promise((resolve) => {
      if (stdout === null) throw new Error('expected a pipe');
      const lines = createInterface({ input: stdout });
      lines.on('line', (line) => {
        const progress: Progress = JSON.parse(line);
        this.progress.push(progress);
        if (progress.event === 'ready') resolve('ready');
      });
      lines.once('close', () => resolve('ended'));
    });
  }

  /** What `ready` said. @throws with the last progress when the supervisor ended instead */
  async ready(): Promise<Extract<Progress, { event: 'ready' }>> {
    await this.#ended;
    const ready = this.progress.find((one) => one.event === 'ready');
    if (ready === undefined) throw new Error(`not ready: ${JSON.stringify(this.progress.at(-1))}`);
    return ready;
  }

  async topology(): Promise<Topology> {
    return JSON.parse(await readFile(join(this.dir, 'topology.json'), 'utf8'));
  }

  async pidOf(node: string): Promise<number> {
    const found = (await this.topology()).nodes.find((one) => one.name === node);
    if (found === undefined) throw new Error(`the topology has no node ${node}`);
    return found.by.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As if the process that started it had died. */
  cutTether(): void {
    this.#child.stdin?.end();
  }
}
