import { beginFlow, type GroupContext } from './group.ts';
import { Random } from './random.ts';
import { ArrivalSchedule, type CurvePoint } from './schedule.ts';
import type { Share } from './share.ts';
import type { User } from './user.ts';
import { LoadIsOver, VirtualUser } from './virtual-user.ts';

export interface OpenGroupSpec {
  model: 'arrivals';
  name: string;
  curve: readonly CurvePoint[];
  process: 'even' | 'poisson';
  maxInFlight: number;
  flow: (user: User) => Promise<void>;
}

/** Open model: begins an iteration whenever one is due, whatever became of those before. */
export class OpenGroup {
  readonly spec: OpenGroupSpec;
  readonly #context: GroupContext & { drop: () => void };
  readonly #queues: { share: Share; generation: number; next: number }[] = [];
  #curve: readonly CurvePoint[];
  /** Raised with each new curve: timers of an old one do nothing. */
  #version = 0;
  #active = 0;
  #limit = 0;

  constructor(spec: OpenGroupSpec, context: GroupContext & { drop: () => void }) {
    this.spec = spec;
    this.#context = context;
    this.#curve = spec.curve;
  }

  begin(): void {
    for (const queue of this.#queues) this.#keepArriving(queue);
  }

  /** Takes over a share. What was due in it before is not made up for. */
  adopt(share: Share, nowMs: number, generation: number): void {
    const schedule = this.#schedule();
    let next = share.index;
    const fromMs = nowMs - this.#context.startMs;
    for (let due = schedule.dueMs(next); due !== undefined && due < fromMs; due = schedule.dueMs(next))
      next += share.of;
    const queue = { share, generation, next };
    this.#queues.push(queue);
    // The shares of the limit add up too; a share of nothing would drop everything.
    this.#limit += Math.max(1, Math.floor(this.spec.maxInFlight / share.of));
    if (generation > 0) this.#keepArriving(queue);
  }

  follow(curve: readonly CurvePoint[]): void {
    this.#curve = curve;
    this.#version++;
    for (const queue of this.#queues) this.#keepArriving(queue);
  }

  #schedule(): ArrivalSchedule {
    const { process, name } = this.spec;
    const poisson = process === 'poisson' ? new Random(this.#context.shared.seed, `${name} arrivals`, 0) : undefined;
    return new ArrivalSchedule(this.#curve, poisson);
  }

  #keepArriving(queue: { share: Share; generation: number; next: number }): void {
    const { startMs, shared } = this.#context;
    const schedule = this.#schedule();
    const version = this.#version;
    const wait = () => {
      const tMs = schedule.dueMs(queue.next);
      if (tMs === undefined) return;
      shared.wheel.at(startMs + tMs, (dueMs) => {
        if (version !== this.#version) return;
        const nowMs = shared.nowMs();
        // All that are due by now: the wheel fires what it is given while it fires a millisecond later at the earliest.
        for (let due: number | undefined = dueMs; due !== undefined && due <= nowMs; ) {
          this.#arrive(queue.next, queue.generation, due);
          queue.next += queue.share.of;
          const nextMs = schedule.dueMs(queue.next);
          due = nextMs === undefined ? undefined : startMs + nextMs;
        }
        wait();
      });
    };
    wait();
  }

  #arrive(index: number, generation: number, dueMs: number): void {
    const { shared, count, drop, iterationEnded } = this.#context;
    if (this.#active >= this.#limit) {
      drop();
      return;
    }
    this.#active++;
    count(1);
    const { name, flow } = this.spec;
    const user = new VirtualUser(shared, generation === 0 ? name : `${name}#${generation}`, index, dueMs);
    user.iteration = 1;
    const ended = (error: unknown) => {
      this.#active--;
      count(-1);
      user.leave();
      if (!(error instanceof LoadIsOver)) iterationEnded(name, error);
    };
    beginFlow(flow, user).then(() => ended(undefined), ended);
  }
}
