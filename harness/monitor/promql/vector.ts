import { LabelSet } from '../labels.ts';
import type { Call, Expr, RangeSelector, Span, Subquery, VectorSelector } from './ast.ts';
import type { Budget } from './budget.ts';
import type { PromqlError } from './error.ts';
import type { Semantics } from './semantics.ts';

/** The times an expression is evaluated at: `count` of them, `stepMs` apart. An instant query has one. */
export interface Grid {
  startMs: number;
  stepMs: number;
  count: number;
}

/**
 * The values of many series over a grid in one block: cell `row * width + step`, where `has` says whether the series has
 * a value then. A range query walks each series once, and groups and matches labels once, not once a step.
 *
 * Whoever takes a vector from the evaluator owns it and may change it in place.
 */
export interface Vector {
  kind: 'vector';
  width: number;
  labels: LabelSet[];
  values: Float64Array;
  has: Uint8Array;
}

/** A value at each time of the grid. */
export interface Scalar {
  kind: 'scalar';
  values: Float64Array;
}

/** What a function may ask for while it computes its value. */
export interface Evaluator {
  readonly grid: Grid;
  readonly semantics: Semantics;
  readonly budget: Budget;
  scalar(expr: Expr): Float64Array;
  vector(expr: Expr): Vector;
  /** The times of the samples a selector found, in seconds, where `vector` gives their values. */
  sampleTimes(selector: VectorSelector): Vector;
  /** Applies a function to the samples of each series in the window that ends at each time of the grid. */
  overWindows(range: RangeSelector | Subquery, apply: WindowFunction): Vector;
  error(where: Span, problem: string): PromqlError;
}

/**
 * The samples of one series in (startMs, endMs], or [startMs, endMs] in Prometheus 2: entries `from` to `to`, without
 * `to`, never none. Valid during the call only.
 */
export interface Window {
  times: Float64Array;
  values: Float64Array;
  from: number;
  to: number;
  startMs: number;
  endMs: number;
  /** The time of evaluation: the end of the window, but for an offset or a fixed time. */
  nowMs: number;
  semantics: Semantics;
}

/** Undefined where there is no answer, such as a rate of one sample. `step` is the index into the grid. */
export type WindowFunction = (window: Window, step: number) => number | undefined;

/** A vector without values yet. */
export function blankVector(labels: LabelSet[], width: number): Vector {
  const cells = labels.length * width;
  return { kind: 'vector', width, labels, values: new Float64Array(cells), has: new Uint8Array(cells) };
}

/**
 * Series that came to have the same labels become one where only one of them has a value at any time, and are an error
 * where two have.
 */
export function mergeDuplicates(
  vector: Vector,
  where: Span,
  evaluator: Pick<Evaluator, 'error'>,
  problem = (labels: LabelSet) => `the result has two series with the same labels ${labels}`,
): Vector {
  const { labels, width, values, has } = vector;
  const rowOf = new Map<string, number>();
  for (let row = 0; row < labels.length; row++) {
    const set = labels[row];
    if (set === undefined) continue;
    const first = rowOf.get(set.key);
    if (first === undefined) {
      const target = rowOf.size;
      rowOf.set(set.key, target);
      if (target !== row) moveRow(vector, row, target);
      continue;
    }
    for (let step = 0; step < width; step++) {
      const from = row * width + step;
      const to = first * width + step;
      if (has[from] === 0) continue;
      if (has[to] === 1) throw evaluator.error(where, problem(set));
      values[to] = values[from] ?? 0;
      has[to] = 1;
    }
  }
  return trimmed(vector, rowOf.size);
}

/** Drops the metric's name from every row; series that differed in nothing else are merged or refused. */
export function withoutNames(vector: Vector, where: Span, evaluator: Pick<Evaluator, 'error'>): Vector {
  const { labels } = vector;
  const name = labels[0]?.get('__name__');
  const oneName = labels.every((set) => set.get('__name__') === name);
  vector.labels = labels.map(LabelSet.nameless);
  // Different label sets with the same name stay different without it.
  return oneName ? vector : mergeDuplicates(vector, where, evaluator);
}

/** The first rows only. */
export function trimmed(vector: Vector, rows: number): Vector {
  const { labels, width, values, has } = vector;
  if (rows === labels.length) return vector;
  return {
    kind: 'vector',
    width,
    labels: labels.slice(0, rows),
    values: values.subarray(0, rows * width),
    has: has.subarray(0, rows * width),
  };
}

/** The rows in another order. */
export function reordered(vector: Vector, order: readonly number[]): Vector {
  const { width } = vector;
  const result = blankVector(
    order.flatMap((row) => vector.labels[row] ?? []),
    width,
  );
  order.forEach((row, target) => {
    result.values.set(vector.values.subarray(row * width, (row + 1) * width), target * width);
    result.has.set(vector.has.subarray(row * width, (row + 1) * width), target * width);
  });
  return result;
}

/** An argument that the checker has already counted. */
export function argument(call: Call, index: number): Expr {
  const arg = call.args[index];
  if (arg === undefined) throw new RangeError(`${call.name} has no argument ${index + 1}`);
  return arg;
}

function moveRow({ labels, width, values, has }: Vector, from: number, to: number): void {
  const set = labels[from];
  if (set !== undefined) labels[to] = set;
  values.copyWithin(to * width, from * width, (from + 1) * width);
  has.copyWithin(to * width, from * width, (from + 1) * width);
}
