import { Mean, quantile, SumWithCompensation } from './numbers.ts';
import type { Window } from './vector.ts';

/** A function of the samples in a window, and of a scalar where it takes one. */
export type WindowMath = (window: Window, param: number) => number | undefined;

export const rate: WindowMath = (window) => extrapolated(window, { isCounter: true, isRate: true });
export const increase: WindowMath = (window) => extrapolated(window, { isCounter: true, isRate: false });
export const delta: WindowMath = (window) => extrapolated(window, { isCounter: false, isRate: false });

/**
 * The change between the first and the last sample, stretched to the edges of the window: up to an edge that is no more
 * than 1.1 sample intervals away, half an interval otherwise, and never further back than where a counter was zero. The
 * same as Prometheus' `extrapolatedRate`.
 */
function extrapolated(
  { times, values, from, to, startMs, endMs, semantics }: Window,
  { isCounter, isRate }: { isCounter: boolean; isRate: boolean },
): number | undefined {
  const intervals = to - from - 1;
  if (intervals < 1) return undefined;
  const first = values[from] ?? 0;
  let change = (values[to - 1] ?? 0) - first;
  if (isCounter) {
    let previous = first;
    for (let i = from + 1; i < to; i++) {
      const value = values[i] ?? 0;
      if (value < previous) change += previous;
      previous = value;
    }
  }
  const sampledS = ((times[to - 1] ?? 0) - (times[from] ?? 0)) / 1000;
  const averageS = sampledS / intervals;
  let toStartS = ((times[from] ?? 0) - startMs) / 1000;
  let toEndS = (endMs - (times[to - 1] ?? 0)) / 1000;
  const toZeroS = isCounter && change > 0 && first >= 0 ? sampledS * (first / change) : Number.POSITIVE_INFINITY;
  // Prometheus 2 asks first where the counter was zero, and may then find that near enough to stretch that far.
  if (semantics === 'v2') toStartS = Math.min(toStartS, toZeroS);
  if (toStartS >= averageS * 1.1) toStartS = averageS / 2;
  if (semantics === 'v3') toStartS = Math.min(toStartS, toZeroS);
  if (toEndS >= averageS * 1.1) toEndS = averageS / 2;
  const whole = change * ((sampledS + toStartS + toEndS) / sampledS);
  return isRate ? whole / ((endMs - startMs) / 1000) : whole;
}

/** Between the last two samples. */
export const irate: WindowMath = ({ times, values, from, to }) => {
  if (to - from < 2) return undefined;
  const last = values[to - 1] ?? 0;
  const before = values[to - 2] ?? 0;
  const seconds = ((times[to - 1] ?? 0) - (times[to - 2] ?? 0)) / 1000;
  return (last < before ? last : last - before) / seconds;
};

export const idelta: WindowMath = ({ values, from, to }) =>
  to - from < 2 ? undefined : (values[to - 1] ?? 0) - (values[to - 2] ?? 0);

export const countOverTime: WindowMath = ({ from, to }) => to - from;
export const presentOverTime: WindowMath = () => 1;
export const lastOverTime: WindowMath = ({ values, to }) => values[to - 1];

export const firstOverTime: WindowMath = ({ values, from }) => values[from];
export const timeOfFirst: WindowMath = ({ times, from }) => (times[from] ?? 0) / 1000;
export const timeOfLast: WindowMath = ({ times, to }) => (times[to - 1] ?? 0) / 1000;
export const timeOfMin: WindowMath = (window) => timeOfBest(window, (value, best) => value <= best);
export const timeOfMax: WindowMath = (window) => timeOfBest(window, (value, best) => value >= best);

/** The last of equals; any number is better than none. */
function timeOfBest({ times, values, from, to }: Window, isBetter: (value: number, best: number) => boolean): number {
  let best = from;
  for (let i = from + 1; i < to; i++) {
    const held = values[best] ?? 0;
    if (isBetter(values[i] ?? 0, held) || Number.isNaN(held)) best = i;
  }
  return (times[best] ?? 0) / 1000;
}

export const sumOverTime: WindowMath = (window) => {
  const sum = new SumWithCompensation(1);
  for (let i = window.from; i < window.to; i++) sum.add(0, window.values[i] ?? 0);
  return sum.value(0);
};

export const avgOverTime: WindowMath = ({ values, from, to }) => {
  const mean = new Mean(1);
  for (let i = from; i < to; i++) mean.add(0, values[i] ?? 0);
  return mean.value(0);
};

export const minOverTime: WindowMath = ({ values, from, to }) => {
  let min = values[from] ?? 0;
  for (let i = from + 1; i < to; i++) {
    const value = values[i] ?? 0;
    if (value < min || Number.isNaN(min)) min = value;
  }
  return min;
};

export const maxOverTime: WindowMath = ({ values, from, to }) => {
  let max = values[from] ?? 0;
  for (let i = from + 1; i < to; i++) {
    const value = values[i] ?? 0;
    if (value > max || Number.isNaN(max)) max = value;
  }
  return max;
};

export const quantileOverTime: WindowMath = ({ values, from, to, semantics }, q) =>
  quantile(q, [...values.subarray(from, to)], semantics);

/** The median distance from the median; not a number where one of the values is none. */
export const madOverTime: WindowMath = ({ values, from, to, semantics }) => {
  if (values.subarray(from, to).some(Number.isNaN)) return Number.NaN;
  const middle = quantile(0.5, [...values.subarray(from, to)], semantics);
  return quantile(
    0.5,
    [...values.subarray(from, to)].map((value) => Math.abs(value - middle)),
    semantics,
  );
};

/** Holt's double exponential smoothing: `level` and `trend` say how much the newest sample counts, 0 to 1. */
export function smoothed({ values, from, to }: Window, level: number, trend: number): number | undefined {
  if (to - from < 2) return undefined;
  let before = 0;
  let now = values[from] ?? 0;
  let slope = (values[from + 1] ?? 0) - now;
  for (let i = from + 1; i < to; i++) {
    if (i > from + 1) slope = trend * (now - before) + (1 - trend) * slope;
    [before, now] = [now, level * (values[i] ?? 0) + (1 - level) * (now + slope)];
  }
  return now;
}

/** Welford's method. */
export const stdvarOverTime: WindowMath = ({ values, from, to }) => {
  const sums = new SumWithCompensation(2);
  for (let i = from; i < to; i++) {
    const value = values[i] ?? 0;
    const distance = value - sums.value(0);
    sums.add(0, distance / (i - from + 1));
    sums.add(1, distance * (value - sums.value(0)));
  }
  return sums.value(1) / (to - from);
};

export const stddevOverTime: WindowMath = (window, param) => Math.sqrt(stdvarOverTime(window, param) ?? Number.NaN);

export const changes: WindowMath = ({ values, from, to }) => {
  let count = 0;
  for (let i = from + 1; i < to; i++) {
    const isSame = values[i] === values[i - 1] || (Number.isNaN(values[i]) && Number.isNaN(values[i - 1]));
    if (!isSame) count++;
  }
  return count;
};

export const resets: WindowMath = ({ values, from, to }) => {
  let count = 0;
  for (let i = from + 1; i < to; i++) if ((values[i] ?? 0) < (values[i - 1] ?? 0)) count++;
  return count;
};

/** The slope, per second, of the least-squares line. */
export const deriv: WindowMath = (window) => regression(window, window.times[window.from] ?? 0)?.slope;

/** The least-squares line, `seconds` after the time of evaluation. */
export const predictLinear: WindowMath = (window, seconds) => {
  const line = regression(window, window.nowMs);
  return line === undefined ? undefined : line.intercept + line.slope * seconds;
};

function regression(
  { times, values, from, to, semantics }: Window,
  originMs: number,
): { slope: number; intercept: number } | undefined {
  const n = to - from;
  if (n < 2) return undefined;
  const sums = new SumWithCompensation(4);
  let isConstant = true;
  for (let i = from; i < to; i++) {
    const x = ((times[i] ?? 0) - originMs) / 1000;
    const y = values[i] ?? 0;
    if (y !== values[from]) isConstant = false;
    sums.add(0, x);
    sums.add(1, y);
    sums.add(2, x * y);
    sums.add(3, x * x);
  }
  const first = values[from] ?? 0;
  if (isConstant)
    return Number.isFinite(first) ? { slope: 0, intercept: first } : { slope: Number.NaN, intercept: Number.NaN };
  const overflows = [0, 1, 2, 3].some((index) => !Number.isFinite(sums.value(index)));
  if (semantics === 'v2' && overflows) return { slope: Number.NaN, intercept: Number.NaN };
  const covariance = sums.value(2) - (sums.value(0) * sums.value(1)) / n;
  const varianceX = sums.value(3) - (sums.value(0) * sums.value(0)) / n;
  const slope = covariance / varianceX;
  return { slope, intercept: sums.value(1) / n - (slope * sums.value(0)) / n };
}
