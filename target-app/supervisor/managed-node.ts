import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity, processesIn } from './process-identity.ts';
import type { Emit } from './progress.ts';
import { StartFailure } from './start-failure.ts';
import { endAll, type TargetDir } from './target-dir.ts';

/** A node as it should run. */
export interface NodeSpec {
  name: string;
  role: string;
  region?: string;
  /** The real part it is, where it is none of this program's. */
  part?: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** The folder its processes work in, when it is a server with processes of its own (PostgreSQL, RabbitMQ, nginx). */
  folder?: string;
  /** The user to run as, for a program that refuses to be root. */
  uid?: number;
  /** How the node knows that the supervisor is gone: its end of an IPC channel, its standard input, or not at all. */
  tether: 'ipc' | 'stdin' | 'none';
  stopSignal: NodeJS.Signals;
  /** For the message when it does not: `become ready`, `accept connections`. */
  expectation: string;
  /** Resolves when the node can do its work; rejects with what is missing. `strict` at the first start: all of it. */
  probe: (strict: boolean) => Promise<void>;
}

export type NodeState = 'starting' | 'ready' | 'held' | 'down';

export interface NodeStatus {
  name: string;
  role: string;
  part?: string;
  pid: number | null;
  state: NodeState;
  restarts: number;
  /** When it came into this state, ISO 8601. */
  since: string;
}

const PROBE_INTERVAL_MS = 75;
const FIRST_BACKOFF_MS = 500;
const LAST_BACKOFF_MS = 5_000;
/** A node that ran this long is not in a crash loop. */
const STEADY_AFTER_MS = 10_000;
const LOG_TAIL_LINES = 20;

interface ManagedNodeOptions {
  dir: TargetDir;
  emit: Emit;
  /** The pid has changed. */
  onPid: () => void;
}

/**
 * One node: started, watched, started again when it dies, unless somebody holds it down on purpose.
 *
 *     starting --probe ok--> ready --exit--> down --backoff--> starting
 *                                  \--exit while held--> held --hold lifted--> starting
 */
export class ManagedNode {
  readonly spec: NodeSpec;
  readonly #dir: TargetDir;
  readonly #emit: Emit;
  readonly #onPid: () => void;
  readonly #logFile: string;
  #state: NodeState = 'down';
  #sinceMs = Date.now();
  #child: ChildProcess | undefined;
  #lastPid: number | undefined;
  #spawnedAtMs = 0;
  #restarts = 0;
  #backoffMs = FIRST_BACKOFF_MS;
  #restartTimer: NodeJS.Timeout | undefined;
  #holdUntilMs = 0;
  #holdTimer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(spec: NodeSpec, { dir, emit, onPid }: ManagedNodeOptions) {
    this.spec = spec;
    this.#dir = dir;
    this.#emit = emit;
    this.#onPid = onPid;
    this.#logFile = join(dir.logs, `${spec.name}.log`);
  }

  /** Of the process it has, or had last; `undefined` before the first one. */
  get lastPid(): number | undefined {
    return this.#lastPid;
  }

  status(): NodeStatus {
    const { name, role, part } = this.spec;
    const since = new Date(this.#sinceMs).toISOString();
    return {
      name,
      role,
      ...(part === undefined ? {} : { part }),
      pid: this.#child?.pid ?? null,
      state: this.#state,
      restarts: this.#restarts,
      since,
    };
  }

  /** Resolves when it is ready for the first time. @throws StartFailure when it is not within the time */
  async start(withinMs: number): Promise<void> {
    const startedAtMs = Date.now();
    this.#emit({ event: 'starting', node: this.spec.name });
    await this.#spawn();
    let tries = 0;
    let last = '';
    while (!this.#stopping) {
      tries++;
      try {
        await this.spec.probe(true);
        this.#becomeReady();
        this.#emit({ event: 'node-ready', node: this.spec.name, tookMs: Date.now() - startedAtMs });
        return;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
      }
      if (Date.now() - startedAtMs > withinMs) {
        const { name, expectation } = this.spec;
        const seconds = Math.round(withinMs / 1_000);
        const message = `${name} did not ${expectation} within ${seconds} s (${tries} tries, last: ${last})`;
        throw new StartFailure(name, message, this.logTail());
      }
      await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
    }
  }

  /** From now on, for `ttlMs`, an exit is not followed by a restart. Again: for `ttlMs` from then. */
  hold(ttlMs: number): void {
    clearTimeout(this.#holdTimer);
    this.#holdUntilMs = Date.now() + ttlMs;
    this.#holdTimer = setTimeout(() => this.release(), ttlMs);
    if (this.#state === 'down') {
      clearTimeout(this.#restartTimer);
      this.#enter('held');
    }
  }

  /** Milliseconds until the hold lifts itself; 0 when there is none. */
  get holdLeftMs(): number {
    return Math.max(0, this.#holdUntilMs - Date.now());
  }

  /** Lifts the hold, and starts the node again when it is down. */
  release(): void {
    clearTimeout(this.#holdTimer);
    this.#holdUntilMs = 0;
    if (this.#state === 'held') void this.#restart();
  }

  /** Ends it: kindly at first, for certain after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#holdTimer);
    const child = this.#child;
    if (child?.pid === undefined) return;
    const identity = identify(child.pid);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    switch (this.spec.tether) {
      case 'ipc':
        // Everything ends at once, so there is nobody left to drain for.
        if (child.connected) child.disconnect();
        break;
      case 'stdin':
        child.stdin?.end();
        child.kill(this.spec.stopSignal);
        break;
      case 'none':
        child.kill(this.spec.stopSignal);
        break;
      default:
        this.spec.tether satisfies never;
    }
    const timer = setTimeout(() => void endAll(this.#family(identity)), withinMs);
    if (identity !== undefined && isAlive(identity)) await exited;
    clearTimeout(timer);
    await endAll(this.#family(identity));
    this.#dir.forgetProcess(this.spec.name);
  }

  logTail(): string[] {
    try {
      return readFileSync(this.#logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES);
    } catch {
      return [];
    }
  }

  async #spawn(): Promise<void> {
    const { name, command, args, env, folder, uid, tether } = this.spec;
    // What an earlier life left in the folder would keep the new one out.
    if (folder !== undefined) await endAll(processesIn(folder));
    if (this.#stopping) return;
    const log = openSync(this.#logFile, 'a');
    const options: SpawnOptions = {
      stdio: [tether === 'stdin' ? 'pipe' : 'ignore', log, log, ...(tether === 'ipc' ? ['ipc' as const] : [])],
      // A group of its own: Ctrl-C at the terminal is for the supervisor, which then ends the nodes in order.
      detached: true,
      ...(env === undefined ? {} : { env }),
      ...(folder === undefined ? {} : { cwd: folder }),
      ...(uid === undefined ? {} : { uid, gid: uid }),
    };
    const child = spawn(command, args, options);
    closeSync(log);
    this.#child = child;
    this.#spawnedAtMs = Date.now();
    this.#enter('starting');
    child.once('exit', (code, signal) => this.#exited(code, signal));
    child.once('error', () => this.#exited(null, null));
    child.stdin?.on('error', () => {});
    if (child.pid === undefined) return;
    this.#lastPid = child.pid;
    this.#dir.recordProcess(name, child.pid, folder);
    this.#onPid();
  }

  #exited(code: number | null, signal: string | null): void {
    if (this.#child === undefined) return;
    this.#child = undefined;
    // Workers that outlive their master would go on serving: a node that was killed is gone as a whole.
    void endAll(this.#family(undefined));
    this.#dir.forgetProcess(this.spec.name);
    if (this.#stopping) {
      this.#enter('down');
      return;
    }
    const held = this.holdLeftMs > 0;
    this.#emit({ event: 'node-exited', node: this.spec.name, code, signal, restarted: !held });
    if (held) {
      this.#enter('held');
      return;
    }
    this.#enter('down');
    if (Date.now() - this.#spawnedAtMs > STEADY_AFTER_MS) this.#backoffMs = FIRST_BACKOFF_MS;
    this.#restartTimer = setTimeout(() => void this.#restart(), this.#backoffMs);
    this.#backoffMs = Math.min(2 * this.#backoffMs, LAST_BACKOFF_MS);
  }

  async #restart(): Promise<void> {
    if (this.#stopping) return;
    this.#restarts++;
    const startedAtMs = Date.now();
    await this.#spawn();
    const child = this.#child;
    while (child !== undefined && this.#child === child) {
      try {
        await this.spec.probe(false);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
        continue;
      }
      if (this.#child !== child) return;
      this.#becomeReady();
      this.#emit({ event: 'node-ready', node: this.spec.name, tookMs: Date.now() - startedAtMs });
      return;
    }
  }

  #becomeReady(): void {
    if (this.#child !== undefined) this.#enter('ready');
  }

  #enter(state: NodeState): void {
    this.#state = state;
    this.#sinceMs = Date.now();
  }

  #family(identity: ProcessIdentity | undefined): ProcessIdentity[] {
    const children = this.spec.folder === undefined ? [] : processesIn(this.spec.folder);
    return identity === undefined ? children : [identity, ...children];
  }
}
