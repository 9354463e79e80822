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
 * The open model's arrivals, in order: the n-th (from 0) is due when the area under the rate curve reaches n + 1. Under
 * a straight line that area is a quadratic, solved in closed form, so the schedule neither drifts nor rounds.
 */
export class ArrivalSchedule {
  readonly #curve: readonly CurvePoint[];
  #segment = 1;
  /** Arrivals before the current segment. */
  #before = 0;

  constructor(curve: readonly CurvePoint[]) {
    this.#curve = curve;
  }

  /** When arrival n is due; undefined when the curve ends before. n must not go down from call to call. */
  dueMs(n: number): number | undefined {
    for (;;) {
      const from = this.#curve[this.#segment - 1];
      const to = this.#curve[this.#segment];
      if (!from || !to) return undefined;
      const seconds = (to.tMs - from.tMs) / 1_000;
      const inSegment = ((from.value + to.value) / 2) * seconds;
      const wanted = n + 1 - this.#before;
      if (wanted <= inSegment + 1e-9)
        return from.tMs + 1_000 * solve(from.value, (to.value - from.value) / seconds, wanted);
      this.#before += inSegment;
      this.#segment++;
    }
  }
}

/** Seconds until `rate * t + slope * t^2 / 2` reaches an area; in the form that is stable for small slopes. */
function solve(rate: number, slope: number, area: number): number {
  const root = Math.sqrt(Math.max(0, rate * rate + 2 * slope * area));
  return (2 * area) / (rate + root);
}
