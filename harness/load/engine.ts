import type { Driver } from './driver.ts';
import type { Recorder } from './recorder.ts';
import { ArrivalSchedule, activeUsers, type CurvePoint, timeReaching } from './schedule.ts';
import { TimerWheel } from './timer-wheel.ts';
import { RequestFailed, type User } from './user.ts';
import { LoadIsOver, type Surroundings, VirtualUser } from './virtual-user.ts';

/** A load group with the function its users run. */
export type LoadGroup =
  | { model: 'users'; name: string; curve: readonly CurvePoint[]; flow: (user: User) => Promise<void> }
  | {
      model: 'arrivals';
      name: string;
      curve: readonly CurvePoint[];
      maxInFlight: number;
      flow: (user: User) => Promise<void>;
    };

/** One of `of` equal shares: users and arrivals are dealt round by their number, so the shares always add up. */
export interface Share {
  index: number;
  of: number;
}

export interface EngineOptions {
  groups: LoadGroup[];
  share: Share;
  seed: number;
  baseUrl: URL;
  driver: Driver;
  recorder: Recorder;
  /** The run's clock, and when on it the load starts and ends. */
  nowMs: () => number;
  startMs: number;
  durationMs: number;
}

/** What an engine is doing now, and has done so far. */
export interface EngineState {
  /** Active users of each closed group, iterations under way of each open one. */
  active: Record<string, number>;
  inFlight: number;
  /** Requests that have ended, however. */
  requests: number;
  iterations: number;
  failedIterations: number;
  dropped: number;
}

/** Runs a share of the load. `start` returns at once; `finished` resolves when the last request has ended. */
export class LoadEngine {
  readonly state: EngineState = {
    active: {},
    inFlight: 0,
    requests: 0,
    iterations: 0,
    failedIterations: 0,
    dropped: 0,
  };
  readonly finished: Promise<void>;
  readonly #options: EngineOptions;
  readonly #wheel: TimerWheel;
  readonly #shared: Surroundings;
  #over = false;
  #finish: () => void = () => {};
  #graceTimer: NodeJS.Timeout | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#wheel = new TimerWheel(options.nowMs);
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#shared = {
      driver: options.driver,
      recorder: options.recorder,
      wheel: this.#wheel,
      nowMs: options.nowMs,
      baseUrl: options.baseUrl,
      over: () => this.#over,
      onFlight: (change) => {
        this.state.inFlight += change;
        if (change < 0) this.state.requests++;
        if (this.#over && this.state.inFlight === 0) this.#finish();
      },
    };
  }

  start(): void {
    const { startMs, durationMs, groups } = this.#options;
    this.#wheel.at(startMs, () => {
      for (const group of groups) {
        if (group.model === 'users') this.#keepUsers(group);
        else this.#keepArriving(group);
      }
    });
    this.#wheel.at(startMs + durationMs, () => this.stop());
  }

  /** Ends the load: nothing new begins, requests under way may end within the grace time. */
  stop(graceMs = 15_000): void {
    if (this.#over) return;
    this.#over = true;
    this.#wheel.stop();
    if (this.state.inFlight === 0) this.#finish();
    this.#graceTimer = setTimeout(this.#finish, graceMs);
    this.#graceTimer.unref();
    this.finished.then(() => clearTimeout(this.#graceTimer));
  }

  /** Closed model: makes as many users active as the curve says, looking every few milliseconds. */
  #keepUsers(group: Extract<LoadGroup, { model: 'users' }>): void {
    const { startMs, share, seed } = this.#options;
    const members = new Map<number, Member>();
    this.state.active[group.name] = 0;
    let wanted = 0;
    let lookedMs = 0;
    const look = (dueMs: number) => {
      const tMs = dueMs - startMs;
      const now = activeUsers(group.curve, tMs);
      for (; wanted < now; wanted++) {
        if (wanted % share.of !== share.index) continue;
        const member = members.get(wanted) ?? { generation: 0, leaving: false, living: false };
        members.set(wanted, member);
        member.leaving = false;
        if (member.living) continue;
        const bornMs = startMs + (timeReaching(group.curve, wanted + 1, lookedMs) ?? tMs);
        const stream = member.generation === 0 ? group.name : `${group.name}#${member.generation}`;
        member.generation++;
        const user = new VirtualUser(this.#shared, seed, stream, wanted, bornMs);
        this.#live(group, user, member);
      }
      for (; wanted > now; wanted--) {
        const member = members.get(wanted - 1);
        if (member) member.leaving = true;
      }
      lookedMs = tMs;
      this.#wheel.at(dueMs + LOOK_EVERY_MS, look);
    };
    look(startMs);
  }

  async #live(group: Extract<LoadGroup, { model: 'users' }>, user: VirtualUser, member: Member): Promise<void> {
    member.living = true;
    this.#count(group.name, 1);
    while (!this.#over && !member.leaving) await this.#iterate(group, user);
    member.living = false;
    this.#count(group.name, -1);
  }

  /** Open model: begins an iteration whenever one is due, whatever became of those before. */
  #keepArriving(group: Extract<LoadGroup, { model: 'arrivals' }>): void {
    const { startMs, share, seed } = this.#options;
    const schedule = new ArrivalSchedule(group.curve);
    this.state.active[group.name] = 0;
    // The shares of the limit add up too; a share of nothing would drop everything.
    const limit = Math.max(1, Math.floor(group.maxInFlight / share.of));
    const next = (n: number) => {
      const tMs = schedule.dueMs(n);
      if (tMs === undefined) return;
      this.#wheel.at(startMs + tMs, (dueMs) => {
        if ((this.state.active[group.name] ?? 0) >= limit) this.state.dropped++;
        else {
          this.#count(group.name, 1);
          const user = new VirtualUser(this.#shared, seed, group.name, n, dueMs);
          this.#iterate(group, user).finally(() => this.#count(group.name, -1));
        }
        next(n + share.of);
      });
    };
    next(share.index);
  }

  async #iterate(group: LoadGroup, user: VirtualUser): Promise<void> {
    const { recorder, nowMs } = this.#options;
    user.iteration++;
    user.steps = 0;
    try {
      await group.flow(user);
      this.state.iterations++;
    } catch (error) {
      if (error instanceof LoadIsOver) return;
      this.state.failedIterations++;
      // Requests tell of themselves; anything else is the flow's own.
      if (!(error instanceof RequestFailed)) recorder.trouble(`flow ${group.name}: ${String(error)}`, nowMs());
    }
    if (group.model === 'users' && user.steps === 0 && !this.#over) {
      recorder.trouble(
        `flow ${group.name} neither sends a request nor thinks: waiting a second before the next round`,
        nowMs(),
      );
      await user.wait(1_000).catch(() => {});
    }
  }

  #count(name: string, change: 1 | -1): void {
    this.state.active[name] = (this.state.active[name] ?? 0) + change;
  }
}

interface Member {
  /** How often this user was made anew; each time has a random stream of its own, or its ids would come twice. */
  generation: number;
  leaving: boolean;
  living: boolean;
}

const LOOK_EVERY_MS = 5;
