import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { joinClock, type RunClock } from '../clock.ts';
import { LoadEngine, type LoadGroup } from '../load/engine.ts';
import { Recorder } from '../load/recorder.ts';
import { loadFlows } from '../scenario/load-file.ts';
import { boundsSeconds } from './bounds.ts';
import { driverFor } from './driver-for.ts';
import { GcPauses } from './gc-pauses.ts';
import { AgentMetrics } from './metrics.ts';
import { type FromAgent, LEASE_MS, RENEW_MS, type ToAgent } from './protocol.ts';

/** The program of an agent process: it is told its share over IPC, runs it, and reports once a second. */

type Assignment = Extract<ToAgent, { kind: 'assign' }>;

const agent: { run?: AgentRun } = {};

process.on('message', (message: ToAgent) => {
  receive(message).catch((error: unknown) => tellFailed('epoch' in message ? message.epoch : 0, error));
});
// Without a coordinator there is nobody to send load for.
process.on('disconnect', () => process.exit(0));
// The terminal's Ctrl-C reaches the whole process group; it is for the coordinator to decide what it means.
process.on('SIGINT', () => {});
tell({ kind: 'hello', pid: process.pid });

async function receive(message: ToAgent): Promise<void> {
  if (message.kind === 'assign') {
    agent.run = await AgentRun.prepare(message);
    return;
  }
  const { run } = agent;
  if (!run || message.epoch !== run.epoch) return;
  switch (message.kind) {
    case 'start':
      return run.start(message);
    case 'renewed':
      return run.renewed(message.askedMs);
    case 'adopt':
      return run.adopt(message);
    case 'adjust':
      return run.adjust(message);
    case 'stop':
      return run.stop();
    default:
      return message satisfies never;
  }
}

class AgentRun {
  readonly epoch: number;
  readonly #clock: RunClock;
  readonly #assignment: Assignment;
  readonly #groups: LoadGroup[];
  readonly #recorder = new Recorder();
  readonly #metrics: AgentMetrics;
  readonly #gc = new GcPauses();
  readonly #loopDelay = monitorEventLoopDelay({ resolution: 5 });
  #engine: LoadEngine | undefined;
  /** What failed and nobody has listened to yet. */
  readonly #unheard = new Map<Promise<unknown>, { error: unknown; atMs: number }>();
  #seq = 0;
  #cpu = process.cpuUsage();
  #takenMs: number;
  #leaseEndsMs = Number.POSITIVE_INFINITY;

  static async prepare(assignment: Assignment): Promise<AgentRun> {
    const flows = await loadFlows(assignment.scenarioFile);
    const groups = assignment.plan.loads.map((load): LoadGroup => {
      const flow = flows.get(load.name);
      if (!flow) throw new Error(`the scenario has no flow for ${load.name} any more; was its file changed?`);
      return { ...load, flow };
    });
    const run = new AgentRun(assignment, groups);
    tell({ kind: 'ready', epoch: run.epoch, metricsUrl: await run.#serveMetrics() });
    return run;
  }

  private constructor(assignment: Assignment, groups: LoadGroup[]) {
    this.epoch = assignment.epoch;
    this.#assignment = assignment;
    this.#groups = groups;
    this.#clock = joinClock(assignment.clock);
    this.#metrics = new AgentMetrics(assignment.agent, boundsSeconds(assignment.plan));
    this.#takenMs = this.#clock.nowMs();
  }

  start({ atMs, setup }: Extract<ToAgent, { kind: 'start' }>): void {
    const { plan, share, baseUrl } = this.#assignment;
    const driver = driverFor(plan, this.#clock.nowMs);
    const engine = new LoadEngine({
      groups: this.#groups,
      share,
      seed: plan.seed,
      nonce: plan.nonce,
      baseUrl: new URL(baseUrl),
      driver,
      recorder: this.#recorder,
      nowMs: this.#clock.nowMs,
      startMs: atMs,
      durationMs: plan.durationMs,
      ownConnections: plan.http.connections === 'per-user',
      setup,
    });
    this.#engine = engine;
    this.#loopDelay.enable();
    // A flow that does not wait for something must not end the agent when that fails.
    // One that fails while it waits is listened to once it has waited: that is no such case, and is known only then.
    process.on('unhandledRejection', (error, promise) =>
      this.#unheard.set(promise, { error, atMs: this.#clock.nowMs() }),
    );
    process.on('rejectionHandled', (promise) => this.#unheard.delete(promise));
    const reporting = setInterval(() => this.#report(engine), REPORT_MS);
    const renewing = setInterval(() => this.#renew(engine), RENEW_MS);
    this.#renew(engine);
    engine.start();
    const finish = async () => {
      clearInterval(reporting);
      clearInterval(renewing);
      this.#tellUnheard(engine, 0);
      this.#report(engine);
      tell({ kind: 'done', epoch: this.epoch, lastSeq: this.#seq });
      await driver.close().catch(() => {});
    };
    engine.finished.then(finish).catch((error: unknown) => tellFailed(this.epoch, error));
  }

  renewed(askedMs: number): void {
    this.#leaseEndsMs = askedMs + LEASE_MS;
  }

  adopt({ shares, generation }: Extract<ToAgent, { kind: 'adopt' }>): void {
    for (const share of shares) this.#engine?.adopt(share, generation);
  }

  adjust({ curves, durationMs }: Extract<ToAgent, { kind: 'adjust' }>): void {
    this.#engine?.follow(curves, durationMs);
  }

  stop(): void {
    if (this.#engine) this.#engine.stop();
    else tell({ kind: 'done', epoch: this.epoch, lastSeq: 0 });
  }

  #renew(engine: LoadEngine): void {
    const nowMs = this.#clock.nowMs();
    if (this.#leaseEndsMs === Number.POSITIVE_INFINITY) this.#leaseEndsMs = nowMs + LEASE_MS;
    if (nowMs > this.#leaseEndsMs) engine.stop(0);
    else tell({ kind: 'renew', epoch: this.epoch, askedMs: nowMs });
  }

  #report(engine: LoadEngine): void {
    const nowMs = this.#clock.nowMs();
    this.#tellUnheard(engine, UNHEARD_MS);
    const cpu = process.cpuUsage(this.#cpu);
    this.#cpu = process.cpuUsage();
    const health = {
      cpu: (cpu.user + cpu.system) / 1_000 / Math.max(1, nowMs - this.#takenMs),
      loopLagP99Ms: Math.max(0, this.#loopDelay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS),
      rssBytes: process.memoryUsage.rss(),
      ...this.#gc.take(),
    };
    this.#loopDelay.reset();
    this.#takenMs = nowMs;
    this.#seq++;
    const taken = this.#recorder.take();
    const snapshot = { seq: this.#seq, tMs: nowMs, ...taken, state: engine.state, health };
    this.#metrics.add(snapshot);
    tell({ kind: 'snapshot', epoch: this.epoch, snapshot });
  }

  /** What has been unheard for so long. */
  #tellUnheard(engine: LoadEngine, forMs: number): void {
    const nowMs = this.#clock.nowMs();
    for (const [promise, { error, atMs }] of this.#unheard) {
      if (nowMs - atMs < forMs) continue;
      this.#unheard.delete(promise);
      engine.unawaited(error);
    }
  }

  #serveMetrics(): Promise<string> {
    const server = createServer(async (_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
      response.end(await this.#metrics.text());
    });
    server.keepAliveTimeout = 65_000;
    return new Promise((resolve, reject) => {
      server.on('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        resolve(`http://127.0.0.1:${port}/metrics`);
      });
    });
  }
}

const REPORT_MS = 1_000;
/** Somebody may still listen to what has failed, when a short wait beside it is over. */
const UNHEARD_MS = 3_000;
const LOOP_RESOLUTION_MS = 5;

function tellFailed(epoch: number, error: unknown): void {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  tell({ kind: 'failed', epoch, message, stack });
}

function tell(message: FromAgent): void {
  if (process.connected) process.send?.(message);
}
