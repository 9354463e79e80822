import { LabelSet } from '../labels.ts';
import type { Call, Expr, RangeSelector, Subquery } from './ast.ts';
import { argument, blankVector, type Evaluator, reordered, type Scalar, type Vector, withoutNames } from './vector.ts';
import { countOverTime } from './window-functions.ts';

export function constant(count: number, value: number): Scalar {
  return { kind: 'scalar', values: new Float64Array(count).fill(value) };
}

/** One series without labels. */
export function ofScalar(values: Float64Array): Vector {
  return {
    kind: 'vector',
    width: values.length,
    labels: [LabelSet.empty],
    values,
    has: new Uint8Array(values.length).fill(1),
  };
}

export function rangeOf(expr: Expr, evaluator: Evaluator): RangeSelector | Subquery {
  if (expr.kind === 'range' || expr.kind === 'subquery') return expr;
  throw evaluator.error(expr, 'expected a range vector');
}

export function clamp(value: number, min: number, max: number): number {
  return greater(lesser(value, max), min);
}

/** Go's Min and Max: an infinity decides even against NaN. */
export function lesser(a: number, b: number): number {
  return a === Number.NEGATIVE_INFINITY || b === Number.NEGATIVE_INFINITY ? Number.NEGATIVE_INFINITY : Math.min(a, b);
}

export function greater(a: number, b: number): number {
  return a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.max(a, b);
}

/** A maximum below the minimum leaves nothing. */
export function evaluateClamp(call: Call, evaluator: Evaluator): Vector {
  const vector = evaluator.vector(argument(call, 0));
  const min = evaluator.scalar(argument(call, 1));
  const max = evaluator.scalar(argument(call, 2));
  const { values, has, width } = vector;
  for (let cell = 0; cell < values.length; cell++) {
    const low = min[cell % width] ?? 0;
    const high = max[cell % width] ?? 0;
    values[cell] = clamp(values[cell] ?? 0, low, high);
    if (high < low) has[cell] = 0;
  }
  return withoutNames(vector, call, evaluator);
}

/** NaN unless exactly one series has a value. */
export function toScalar(call: Call, evaluator: Evaluator): Scalar {
  const { labels, width, values, has } = evaluator.vector(argument(call, 0));
  const result = constant(width, Number.NaN);
  for (let step = 0; step < width; step++) {
    let found = 0;
    for (let row = 0; row < labels.length; row++) {
      if (has[row * width + step] === 0) continue;
      found++;
      result.values[step] = values[row * width + step] ?? 0;
    }
    if (found !== 1) result.values[step] = Number.NaN;
  }
  return result;
}

export function timestamp(call: Call, evaluator: Evaluator): Vector {
  const arg = argument(call, 0);
  if (arg.kind === 'selector') {
    // Prometheus never looks ahead of a fixed time here, up to 3.16 at least.
    const selector = arg.atTime === undefined ? arg : { ...arg, offsetMs: Math.max(0, arg.offsetMs) };
    return withoutNames(evaluator.sampleTimes(selector), call, evaluator);
  }
  const vector = evaluator.vector(arg);
  const { startMs, stepMs } = evaluator.grid;
  vector.values = vector.values.map((_, cell) => (startMs + (cell % vector.width) * stepMs) / 1000);
  return withoutNames(vector, call, evaluator);
}

export function absent(call: Call, evaluator: Evaluator): Vector {
  const arg = argument(call, 0);
  return absence(arg, evaluator.vector(arg));
}

export function absentOverTime(call: Call, evaluator: Evaluator): Vector {
  const range = rangeOf(argument(call, 0), evaluator);
  return absence(range.kind === 'range' ? range.selector : range, evaluator.overWindows(range, countOverTime));
}

/** 1 where no series has a value, with the labels that the selector says such a series would have. */
function absence(arg: Expr, vector: Vector): Vector {
  const { labels, width, has } = vector;
  const result = blankVector([expectedLabels(arg)], width);
  for (let step = 0; step < width; step++) {
    const isAbsent = labels.every((_, row) => has[row * width + step] === 0);
    result.values[step] = 1;
    result.has[step] = isAbsent ? 1 : 0;
  }
  return result;
}

function expectedLabels(arg: Expr): LabelSet {
  if (arg.kind !== 'selector') return LabelSet.empty;
  const labels: Record<string, string> = {};
  for (const { name, op, value } of arg.matchers) {
    if (name === '__name__') continue;
    const isOnlyMatcher = arg.matchers.filter((matcher) => matcher.name === name).length === 1;
    if (op === '=' && isOnlyMatcher) labels[name] = value;
  }
  return LabelSet.from(labels);
}

/** By value, NaN last. Has no meaning over several times, where it leaves the order alone. */
export function sorted(call: Call, evaluator: Evaluator, sign: 1 | -1): Vector {
  const vector = evaluator.vector(argument(call, 0));
  if (vector.width !== 1) return vector;
  const order = vector.labels.map((_, row) => row);
  order.sort((a, b) => {
    const [x, y] = [vector.values[a] ?? 0, vector.values[b] ?? 0];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return sign * (x < y ? -1 : x > y ? 1 : 0);
  });
  return reordered(vector, order);
}
