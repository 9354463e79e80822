import { type CurvePoint, levelled, resumed, valueAt } from '../load/schedule.ts';
import type { Plan } from '../scenario/plan.ts';

/** What the load does from now on. */
export interface Course {
  curves: Record<string, CurvePoint[]>;
  /** From the load's start. */
  durationMs: number;
}

/**
 * Steers a load as it runs. While it is held the plan's time stands still: the load stays where it is, faults that have
 * not begun wait, and the run gets longer by as much. Pure: times are milliseconds from the load's start.
 */
export class Steering {
  readonly #plan: Plan;
  #course: Course;
  #heldSinceMs: number | undefined;
  /** Of holds that are over. */
  #heldMs = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    const curves = Object.fromEntries(plan.loads.map((load) => [load.name, [...load.curve]]));
    this.#course = { curves, durationMs: plan.durationMs };
  }

  get held(): boolean {
    return this.#heldSinceMs !== undefined;
  }

  get course(): Course {
    return this.#course;
  }

  /** How far the plan has got. */
  planMs(tMs: number): number {
    return Math.min(tMs, this.#heldSinceMs ?? tMs) - this.#heldMs;
  }

  /** Keeps the load as it is, for an hour at the most. */
  hold(tMs: number): Course {
    if (this.held) return this.#course;
    this.#heldSinceMs = tMs;
    const untilMs = tMs + MOST_HELD_MS;
    return this.#follow((curve) => levelled(curve, tMs, { to: valueAt(curve, tMs), overMs: 0, untilMs }), untilMs);
  }

  /** Brings a group of users to a number, and holds the load there. */
  users(tMs: number, group: string, to: number, overMs: number): Course {
    this.hold(tMs);
    const { durationMs } = this.#course;
    return this.#follow(
      (curve, name) => (name === group ? levelled(curve, tMs, { to, overMs, untilMs: durationMs }) : curve),
      durationMs,
    );
  }

  /** Goes on with the plan where it stood; back to its level little by little. */
  resume(tMs: number): Course {
    if (this.#heldSinceMs === undefined) return this.#course;
    const planMs = this.planMs(tMs);
    this.#heldMs += tMs - this.#heldSinceMs;
    this.#heldSinceMs = undefined;
    const planned = new Map(this.#plan.loads.map((load) => [load.name, load.curve]));
    return this.#follow(
      (curve, name) => resumed(curve, tMs, planned.get(name) ?? [], planMs, RESUME_MS),
      this.#plan.durationMs + this.#heldMs,
    );
  }

  #follow(change: (curve: CurvePoint[], name: string) => CurvePoint[], durationMs: number): Course {
    const curves = Object.fromEntries(
      Object.entries(this.#course.curves).map(([name, curve]) => [name, change(curve, name)]),
    );
    this.#course = { curves, durationMs };
    return this.#course;
  }
}

const MOST_HELD_MS = 3_600_000;
const RESUME_MS = 5_000;
