import type { Random } from './random.ts';

/**
 * When things are due. Pure: a curve is a list of points with straight lines between them; users read it as "how many
 * are active", arrivals as "how many begin a second". Times are milliseconds from the load's start.
 */
export interface CurvePoint {
  tMs: number;
  value: number;
}

export function valueAt(curve: readonly CurvePoint[], tMs: number): number {
  const first = curve[0];
  if (!first || tMs < first.tMs) return 0;
  for (let index = 1; index < curve.length; index++) {
    const from = curve[index - 1];
    const to = curve[index];
    if (!from || !to || tMs > to.tMs) continue;
    return to.tMs === from.tMs
      ? to.value
      : from.value + ((to.value - from.value) * (tMs - from.tMs)) / (to.tMs - from.tMs);
  }
  return curve.at(-1)?.value ?? 0;
}

/**
 * How many of the closed model's users are to be active: user k is active while the curve is at k + 1 or above, so the
 * active ones are always the first so many, whoever runs them.
 */
export function activeUsers(curve: readonly CurvePoint[], tMs: number): number {
  // A billionth forgives the rounding of a ramp's last point.
  return Math.floor(valueAt(curve, tMs) + 1e-9);
}

/** When the curve first reaches a value at or after a time; undefined when it does not. */
export function timeReaching(curve: readonly CurvePoint[], value: number, fromMs: number): number | undefined {
  for (let index = 1; index < curve.length; index++) {
    const a = curve[index - 1];
    const b = curve[index];
    if (!a || !b || b.tMs < fromMs || b.value < value - 1e-9) continue;
    const start = valueAt(curve, Math.max(a.tMs, fromMs));
    if (start >= value - 1e-9) return Math.max(a.tMs, fromMs);
    return a.tMs + ((value - a.value) / (b.value - a.value)) * (b.tMs - a.tMs);
  }
  return undefined;
}

/**
 * The open model's arrivals, in order: the n-th (from 0) is due when the area under the rate curve reaches its mark.
 * Even arrivals have their marks at 1, 2, 3, ...; those of a Poisson process lie exponentially distributed steps apart,
 * drawn from the run's seed, whoever asks (Lewis and Shedler's time scale transformation, 1976). Under a straight line
 * the area is a quadratic, solved in closed form, so the schedule neither drifts nor rounds.
 */
export class ArrivalSchedule {
  readonly #curve: readonly CurvePoint[];
  readonly #poisson: Random | undefined;
  #segment = 1;
  /** Area before the current segment. */
  #before = 0;
  /** The Poisson process so far: how many marks, and the last one. */
  #marks = 0;
  #mark = 0;

  constructor(curve: readonly CurvePoint[], poisson?: Random) {
    this.#curve = curve;
    this.#poisson = poisson;
  }

  /** When arrival n is due; undefined when the curve ends before. n must not go down from call to call. */
  dueMs(n: number): number | undefined {
    const mark = this.#markOf(n);
    for (;;) {
      const from = this.#curve[this.#segment - 1];
      const to = this.#curve[this.#segment];
      if (!from || !to) return undefined;
      const seconds = (to.tMs - from.tMs) / 1_000;
      const inSegment = ((from.value + to.value) / 2) * seconds;
      const wanted = mark - this.#before;
      if (wanted <= inSegment + 1e-9)
        return from.tMs + 1_000 * solve(from.value, (to.value - from.value) / seconds, wanted);
      this.#before += inSegment;
      this.#segment++;
    }
  }

  #markOf(n: number): number {
    if (!this.#poisson) return n + 1;
    for (; this.#marks <= n; this.#marks++) this.#mark -= Math.log(1 - this.#poisson.number());
    return this.#mark;
  }
}

/** The curve as it is until a time, then straight to a level and on at it until another time. */
export function levelled(
  curve: readonly CurvePoint[],
  atMs: number,
  { to, overMs, untilMs }: { to: number; overMs: number; untilMs: number },
): CurvePoint[] {
  const before = curve.filter((point) => point.tMs < atMs);
  const reachedMs = Math.min(atMs + overMs, untilMs);
  const points = [
    { tMs: atMs, value: valueAt(curve, atMs) },
    { tMs: reachedMs, value: to },
    { tMs: untilMs, value: to },
  ];
  return [...before, ...points];
}

/**
 * The curve as it went until a time, then what the plan still had to come at that moment, so much later: `planMs` is how
 * far the plan had got. A jump from one to the other is spread over `overMs`.
 */
export function resumed(
  went: readonly CurvePoint[],
  atMs: number,
  plan: readonly CurvePoint[],
  planMs: number,
  overMs: number,
): CurvePoint[] {
  const before = went.filter((point) => point.tMs < atMs);
  const laterMs = atMs - planMs;
  const joinMs = planMs + overMs;
  const rest = plan.filter((point) => point.tMs > joinMs).map(({ tMs, value }) => ({ tMs: tMs + laterMs, value }));
  return [
    ...before,
    { tMs: atMs, value: valueAt(went, atMs) },
    { tMs: joinMs + laterMs, value: valueAt(plan, joinMs) },
    ...rest,
  ];
}

/** Seconds until `rate * t + slope * t^2 / 2` reaches an area; in the form that is stable for small slopes. */
function solve(rate: number, slope: number, area: number): number {
  const root = Math.sqrt(Math.max(0, rate * rate + 2 * slope * area));
  return (2 * area) / (rate + root);
}
