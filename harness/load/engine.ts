import { ClosedGroup, type ClosedGroupSpec } from './closed-group.ts';
import type { Driver } from './driver.ts';
import { nonceOf } from './nonce.ts';
import { OpenGroup, type OpenGroupSpec } from './open-group.ts';
import type { Recorder } from './recorder.ts';
import type { CurvePoint } from './schedule.ts';
import type { Share } from './share.ts';
import { TimerWheel } from './timer-wheel.ts';
import { RequestFailed } from './user.ts';
import { LoadIsOver, type Surroundings } from './virtual-user.ts';

/** A load group with the function its users run. */
export type LoadGroup = ClosedGroupSpec | OpenGroupSpec;

export interface EngineOptions {
  groups: LoadGroup[];
  share: Share;
  seed: number;
  /** Sets the ids of this run apart from those of others. */
  nonce: string;
  baseUrl: URL;
  driver: Driver;
  /** Each user has a connection of its own. */
  ownConnections?: boolean;
  recorder: Recorder;
  /** The run's clock, and when on it the load starts and ends. */
  nowMs: () => number;
  startMs: number;
  durationMs: number;
  /** What the scenario's `setup` returned. */
  setup?: unknown;
}

/** What an engine is doing now, and has done so far. */
export interface EngineState {
  /** Active users of each closed group, iterations under way of each open one. */
  active: Record<string, number>;
  inFlight: number;
  /** Connections. */
  sockets: number;
  /** Requests that have ended, however. */
  requests: number;
  iterations: number;
  failedIterations: number;
  dropped: number;
}

/** Runs a share of the load. `start` returns at once; `finished` resolves when the last request has ended. */
export class LoadEngine {
  readonly finished: Promise<void>;
  readonly #options: EngineOptions;
  readonly #wheel: TimerWheel;
  readonly #groups: (ClosedGroup | OpenGroup)[];
  readonly #active: Record<string, number> = {};
  #inFlight = 0;
  #requests = 0;
  #iterations = 0;
  #failedIterations = 0;
  #dropped = 0;
  #endMs: number;
  #over = false;
  #finish: () => void = () => {};

  constructor(options: EngineOptions) {
    this.#options = options;
    const { driver, recorder, nowMs, baseUrl, seed, ownConnections = false, setup, startMs, durationMs } = options;
    this.#wheel = new TimerWheel(nowMs);
    this.#endMs = startMs + durationMs;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    let owners = 0;
    const shared: Surroundings = {
      driver,
      recorder,
      nowMs,
      seed,
      nonce: nonceOf(options.nonce),
      takeOwner: () => (ownConnections ? owners++ : undefined),
      setup,
      wheel: this.#wheel,
      origin: baseUrl.origin,
      pathPrefix: baseUrl.pathname.replace(/\/$/, ''),
      over: () => this.#over,
      onFlight: (change) => {
        this.#inFlight += change;
        if (change < 0) this.#requests++;
        if (this.#over && this.#inFlight === 0) this.#finish();
      },
    };
    this.#groups = options.groups.map((spec) => {
      this.#active[spec.name] = 0;
      const context = {
        shared,
        startMs,
        count: (change: 1 | -1) => {
          this.#active[spec.name] = (this.#active[spec.name] ?? 0) + change;
        },
        iterationEnded: (name: string, error: unknown) => this.#iterationEnded(name, error),
        drop: () => {
          this.#dropped++;
        },
      };
      const group = spec.model === 'users' ? new ClosedGroup(spec, context) : new OpenGroup(spec, context);
      group.adopt(options.share, startMs, 0);
      return group;
    });
  }

  get state(): EngineState {
    return {
      active: { ...this.#active },
      inFlight: this.#inFlight,
      sockets: this.#options.driver.sockets,
      requests: this.#requests,
      iterations: this.#iterations,
      failedIterations: this.#failedIterations,
      dropped: this.#dropped,
    };
  }

  start(): void {
    this.#wheel.at(this.#options.startMs, () => {
      for (const group of this.#groups) group.begin();
    });
    this.#endWhenDue();
  }

  /** Takes over the share of an engine that was lost; `generation` counts how often this has happened in the run. */
  adopt(share: Share, generation: number): void {
    const nowMs = this.#options.nowMs();
    if (!this.#over) for (const group of this.#groups) group.adopt(share, nowMs, generation);
  }

  /** From now on the groups follow these curves, and the load lasts so long from its start. */
  follow(curves: Readonly<Record<string, CurvePoint[]>>, durationMs: number): void {
    if (this.#over) return;
    for (const group of this.#groups) {
      const curve = curves[group.spec.name];
      if (curve) group.follow(curve);
    }
    this.#endMs = this.#options.startMs + durationMs;
    this.#endWhenDue();
  }

  /** Ends the load: nothing new begins, requests under way may end within the grace time. */
  stop(graceMs = 15_000): void {
    if (this.#over) return;
    this.#over = true;
    this.#wheel.stop();
    if (this.#inFlight === 0) this.#finish();
    const timer = setTimeout(this.#finish, graceMs);
    timer.unref();
    this.finished.then(() => clearTimeout(timer));
  }

  /** The end may have moved by the time it comes. */
  #endWhenDue(): void {
    this.#wheel.at(this.#endMs, (dueMs) => {
      if (dueMs === this.#endMs) this.stop();
    });
  }

  /** Something failed while no flow waited for it. Requests tell of themselves. */
  unawaited(error: unknown): void {
    if (error instanceof RequestFailed || error instanceof LoadIsOver) return;
    this.#trouble('failed while no flow waited for it', error);
  }

  #iterationEnded(name: string, error: unknown): void {
    if (error === undefined) {
      this.#iterations++;
      return;
    }
    this.#failedIterations++;
    // Requests tell of themselves; anything else is the flow's own.
    if (error instanceof RequestFailed) return;
    this.#trouble(`flow ${name}`, error);
  }

  #trouble(where: string, error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.#options.recorder.trouble(`${where}: ${String(error)}`, this.#options.nowMs(), stack);
  }
}
