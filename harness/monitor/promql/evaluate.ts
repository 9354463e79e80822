import type { LabelSet } from '../labels.ts';
import type { Sample } from '../monitor.ts';
import { aggregate } from './aggregate.ts';
import type { Expr, RangeSelector, Span, Subquery, VectorSelector } from './ast.ts';
import { binary } from './binary.ts';
import { FUNCTIONS } from './functions.ts';
import {
  lastMs,
  type Points,
  pointsOf,
  type Query,
  selectPoints,
  selectVector,
  shiftedGrid,
  slideWindows,
} from './select.ts';
import { farEndMs } from './semantics.ts';
import { type Evaluator, type Grid, type Scalar, type Vector, type WindowFunction, withoutNames } from './vector.ts';

/**
 * The value of a checked expression at every time of the grid, with the semantics of Prometheus 3 or 2. Throws PromqlError where the data does not allow an answer, such as two series for one match.
 */
export function evaluate(expr: Expr, grid: Grid, query: Query): Scalar | Vector {
  return new Evaluation(grid, query).evaluate(expr);
}

/** The samples of a range by itself, which an instant query may ask for. */
export interface Matrix {
  kind: 'matrix';
  series: { labels: LabelSet; samples: Sample[] }[];
}

export type Answer = Scalar | Vector | Matrix | { kind: 'string'; value: string };

/** The same for an expression of any type; ranges and strings have a value at one time only. */
export function evaluateAny(expr: Expr, grid: Grid, query: Query): Answer {
  if (expr.kind === 'string') return { kind: 'string', value: expr.value };
  if (expr.kind !== 'range' && expr.kind !== 'subquery') return evaluate(expr, grid, query);
  const samples: Sample[][] = [];
  const found = new Evaluation(grid, query).overWindows(expr, ({ times, values, from, to }) => {
    samples.push(
      Array.from({ length: to - from }, (_, i) => ({ tMs: times[from + i] ?? 0, value: values[from + i] ?? 0 })),
    );
    return 1;
  });
  return { kind: 'matrix', series: found.labels.map((labels, row) => ({ labels, samples: samples[row] ?? [] })) };
}

class Evaluation implements Evaluator {
  readonly grid: Grid;
  readonly #query: Query;

  constructor(grid: Grid, query: Query) {
    this.grid = grid;
    this.#query = query;
  }

  get semantics() {
    return this.#query.semantics;
  }

  get budget() {
    return this.#query.budget;
  }

  evaluate(expr: Expr): Scalar | Vector {
    switch (expr.kind) {
      case 'number':
        return { kind: 'scalar', values: new Float64Array(this.grid.count).fill(expr.value) };
      case 'selector':
        return selectVector(expr, this.grid, this.#query, 'value');
      case 'call': {
        const spec = FUNCTIONS.get(expr.name);
        if (spec === undefined) throw this.error(expr, `unknown function "${expr.name}"`);
        return spec.evaluate(expr, this);
      }
      case 'aggregation': {
        const param = expr.param === undefined || expr.param.kind === 'string' ? undefined : this.scalar(expr.param);
        return aggregate(expr, this.vector(expr.expr), param, this);
      }
      case 'binary':
        return binary(expr, this.evaluate(expr.left), this.evaluate(expr.right), this);
      case 'unary': {
        const value = this.evaluate(expr.expr);
        if (expr.op === '+') return value;
        const { values } = value;
        for (let i = 0; i < values.length; i++) values[i] = -(values[i] ?? 0);
        return value.kind === 'vector' ? withoutNames(value, expr, this) : value;
      }
      case 'string':
      case 'range':
      case 'subquery':
        throw this.error(expr, 'has no value by itself');
      default:
        return expr satisfies never;
    }
  }

  scalar(expr: Expr): Float64Array {
    const value = this.evaluate(expr);
    if (value.kind !== 'scalar') throw this.error(expr, 'expected a scalar');
    return value.values;
  }

  vector(expr: Expr): Vector {
    const value = this.evaluate(expr);
    if (value.kind !== 'vector') throw this.error(expr, 'expected an instant vector');
    return value;
  }

  sampleTimes(selector: VectorSelector): Vector {
    return selectVector(selector, this.grid, this.#query, 'time');
  }

  overWindows(range: RangeSelector | Subquery, apply: WindowFunction): Vector {
    const { rangeMs } = range;
    const windows = { rangeMs, shift: range.kind === 'range' ? range.selector : range, where: range };
    return slideWindows(this.#points(range), this.grid, windows, this.#query, apply);
  }

  #points(range: RangeSelector | Subquery): Points[] {
    if (range.kind === 'range') return selectPoints(range, this.grid, this.#query);
    const inner = this.#innerGrid(range, shiftedGrid(this.grid, range, this.#query));
    if (inner.count <= 0) return [];
    this.budget.hold(1, inner.count, range);
    return pointsOf(new Evaluation(inner, this.#query).vector(range.expr), inner);
  }

  /** A subquery runs at multiples of its step, whatever the time of the query, so that answers agree between queries. */
  #innerGrid({ rangeMs, stepMs = this.#query.subqueryStepMs }: Subquery, outer: Grid): Grid {
    const afterMs = farEndMs(outer.startMs - rangeMs, this.semantics);
    const startMs = (Math.floor(afterMs / stepMs) + 1) * stepMs;
    return { startMs, stepMs, count: Math.floor((lastMs(outer) - startMs) / stepMs) + 1 };
  }

  error(where: Span, problem: string) {
    return this.#query.error(where, problem);
  }
}
