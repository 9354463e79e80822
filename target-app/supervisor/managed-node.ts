import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { endProcess } from './end-process.ts';
import { lastLines } from './last-lines.ts';
import type { NodeSpec, NodeState, NodeStatus } from './node-spec.ts';
import { processesIn } from './process-identity.ts';
import { signalTree } from './process-tree.ts';
import type { Emit } from './progress.ts';
import { spawnNode } from './spawn-node.ts';
import { StartFailure } from './start-failure.ts';
import { endAll, type TargetDir } from './target-dir.ts';
import { TimedOrder } from './timed-order.ts';

const PROBE_INTERVAL_MS = 75;
const FIRST_BACKOFF_MS = 500;
const LAST_BACKOFF_MS = 5_000;
/** A node that ran this long is not in a crash loop. */
const STEADY_AFTER_MS = 10_000;

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
 *                                  \--pause--> paused --resumed--> starting
 *
 * What is done to it on purpose ends by itself: each order has its time.
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
  #lastExit: NodeStatus['lastExit'] = null;
  /** The process that is being probed until it is ready. */
  #probed: ChildProcess | undefined;
  #graceTimer: NodeJS.Timeout | undefined;
  #loopTimer: NodeJS.Timeout | undefined;
  #stopping = false;
  readonly #hold = new TimedOrder<true>();
  readonly #pause = new TimedOrder<true>();
  readonly #restartLoop = new TimedOrder<{ everyMs: number }>();
  readonly #slowStart = new TimedOrder<{ delayMs: number }>();

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
    const [pid, lastExit] = [this.#child?.pid ?? null, this.#lastExit];
    const what = part === undefined ? {} : { part };
    return { name, role, ...what, pid, state: this.#state, restarts: this.#restarts, lastExit, since };
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
        throw new StartFailure(name, message, lastLines(this.#logFile));
      }
      await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
    }
  }

  /** What is in force, and for how many milliseconds yet; 0 when it is not. */
  get ordersLeftMs() {
    return {
      hold: this.#hold.leftMs,
      pause: this.#pause.leftMs,
      'restart-loop': this.#restartLoop.leftMs,
      'slow-start': this.#slowStart.leftMs,
    };
  }

  /** From now on, for `ttlMs`, an exit is not followed by a restart. Again: for `ttlMs` from then. */
  hold(ttlMs: number): void {
    this.#hold.begin(true, ttlMs, () => this.release());
    if (this.#state === 'down') {
      clearTimeout(this.#restartTimer);
      this.#enter('held');
    }
  }

  /** Lifts the hold, and starts the node again when it is down. */
  release(): void {
    if (this.#hold.end() && this.#state === 'held') this.#restartAfter(0);
  }

  /** Asks it to end, kills it when it has not after `graceMs`, and holds it down for `ttlMs`. */
  terminate(graceMs: number, ttlMs: number): void {
    const child = this.#childOrThrow();
    this.hold(ttlMs);
    child.kill(this.spec.stopSignal);
    clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(() => {
      if (this.#child === child && child.pid !== undefined) signalTree(child.pid, 'SIGKILL');
    }, graceMs);
  }

  /** Stops all its processes where they are, for `ttlMs`: it is there and does nothing. */
  pause(ttlMs: number): void {
    const { pid = 0 } = this.#childOrThrow();
    this.#pause.begin(true, ttlMs, () => this.resume());
    signalTree(pid, 'SIGSTOP');
    this.#enter('paused');
  }

  /** Lets it go on; it is ready once it answers again. */
  resume(): void {
    const child = this.#child;
    if (!this.#pause.end() || child?.pid === undefined) return;
    signalTree(child.pid, 'SIGCONT');
    this.#enter('starting');
    void this.#awaitReady(child);
  }

  /** Kills it now, and whenever it is there `everyMs` later, for `ttlMs`. */
  loopRestarts(everyMs: number, ttlMs: number): void {
    const strike = () => {
      if (this.#child?.pid !== undefined) signalTree(this.#child.pid, 'SIGKILL');
    };
    this.#restartLoop.begin({ everyMs }, ttlMs, () => this.endRestartLoop());
    clearInterval(this.#loopTimer);
    this.#loopTimer = setInterval(strike, everyMs);
    strike();
  }

  endRestartLoop(): void {
    clearInterval(this.#loopTimer);
    if (this.#restartLoop.end()) this.#restartAtOnce();
  }

  /** For `ttlMs`, it is started so much later than it would be. */
  slowStarts(delayMs: number, ttlMs: number): void {
    this.#slowStart.begin({ delayMs }, ttlMs, () => this.endSlowStart());
  }

  endSlowStart(): void {
    if (this.#slowStart.end()) this.#restartAtOnce();
  }

  /** Over the channel it is tethered by, which needs neither a free descriptor nor a connection. */
  endFaultHooks(): void {
    if (this.#child?.connected) this.#child.send({ endFaults: true }, () => {});
  }

  /** Ends it: kindly at first, for certain after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#graceTimer);
    clearInterval(this.#loopTimer);
    for (const order of [this.#hold, this.#restartLoop, this.#slowStart]) order.end();
    // A stopped process hears nothing.
    this.resume();
    if (this.#child?.pid === undefined) return;
    await endProcess(this.#child, this.spec, withinMs);
    this.#dir.forgetProcess(this.spec.name);
  }

  async #spawn(): Promise<void> {
    const { name, folder } = this.spec;
    // What an earlier life left in the folder would keep the new one out.
    if (folder !== undefined) await endAll(processesIn(folder));
    if (this.#stopping) return;
    const child = spawnNode(this.spec, this.#logFile);
    this.#child = child;
    this.#spawnedAtMs = Date.now();
    this.#enter('starting');
    child.once('exit', (code, signal) => this.#exited(code, signal));
    child.once('error', () => this.#exited(null, null));
    if (child.pid === undefined) return;
    this.#lastPid = child.pid;
    this.#dir.recordProcess(name, child.pid, folder);
    this.#onPid();
  }

  #exited(code: number | null, signal: string | null): void {
    if (this.#child === undefined) return;
    this.#child = undefined;
    this.#lastExit = { code, signal };
    this.#pause.end();
    // Workers that outlive their master would go on serving: a node that was killed is gone as a whole.
    const { folder } = this.spec;
    if (folder !== undefined) void endAll(processesIn(folder));
    this.#dir.forgetProcess(this.spec.name);
    if (this.#stopping) {
      this.#enter('down');
      return;
    }
    const held = this.#hold.value !== undefined;
    this.#emit({ event: 'node-exited', node: this.spec.name, code, signal, restarted: !held });
    if (held) {
      this.#enter('held');
      return;
    }
    if (Date.now() - this.#spawnedAtMs > STEADY_AFTER_MS) this.#backoffMs = FIRST_BACKOFF_MS;
    this.#restartAfter(this.#backoffMs);
    this.#backoffMs = Math.min(2 * this.#backoffMs, LAST_BACKOFF_MS);
  }

  /** `delayMs`, and what somebody wants to have on top of it. */
  #restartAfter(delayMs: number): void {
    clearTimeout(this.#restartTimer);
    this.#enter('down');
    const allMs = delayMs + (this.#slowStart.value?.delayMs ?? 0);
    this.#restartTimer = setTimeout(() => void this.#restart(), allMs);
  }

  /** Somebody kept it from running, and has stopped to. */
  #restartAtOnce(): void {
    this.#backoffMs = FIRST_BACKOFF_MS;
    if (this.#state === 'down' && !this.#stopping) this.#restartAfter(0);
  }

  async #restart(): Promise<void> {
    if (this.#stopping) return;
    this.#restarts++;
    await this.#spawn();
    if (this.#child !== undefined) await this.#awaitReady(this.#child);
  }

  async #awaitReady(child: ChildProcess): Promise<void> {
    if (this.#probed === child) return;
    this.#probed = child;
    const startedAtMs = Date.now();
    while (this.#child === child && !this.#stopping) {
      try {
        await this.spec.probe(false);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
        continue;
      }
      // It may have answered just before it died, or was paused: resuming it asks anew.
      if (this.#child !== child || this.#state === 'paused') break;
      this.#probed = undefined;
      this.#becomeReady();
      this.#emit({ event: 'node-ready', node: this.spec.name, tookMs: Date.now() - startedAtMs });
      return;
    }
    if (this.#probed === child) this.#probed = undefined;
  }

  /** @throws NoProcess when it has none */
  #childOrThrow(): ChildProcess {
    if (this.#child?.pid === undefined) throw new NoProcess(this.spec.name, this.#state);
    return this.#child;
  }

  #becomeReady(): void {
    if (this.#child !== undefined) this.#enter('ready');
  }

  #enter(state: NodeState): void {
    this.#state = state;
    this.#sinceMs = Date.now();
  }
}

class NoProcess extends Error {
  readonly statusCode = 409;

  constructor(node: string, state: NodeState) {
    super(`${node} has no process, its state is ${state}`);
  }
}
