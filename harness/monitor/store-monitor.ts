import type { Monitor, QueryResult, Series } from './monitor.ts';
import { type CheckedExpression, parseChecked } from './promql/check.ts';
import { PromqlError } from './promql/error.ts';
import { evaluate } from './promql/evaluate.ts';
import type { SeriesSource } from './promql/source.ts';
import type { Grid, Scalar, Vector } from './promql/vector.ts';

export interface QueryOptions {
  /** How old a sample an instant selector still takes. Default 5 minutes, as in Prometheus. */
  lookbackMs?: number;
  /** The step of a subquery that names none. Default 1 minute, Prometheus' evaluation interval. */
  subqueryStepMs?: number;
}

/** Answers PromQL from series in memory. */
export function monitorOf(source: SeriesSource, options: QueryOptions = {}): Monitor {
  const lookbackMs = options.lookbackMs ?? 300_000;
  const subqueryStepMs = options.subqueryStepMs ?? 60_000;
  const parsed = new ParsedExpressions();
  const run = (expression: string, grid: Grid): Scalar | Vector =>
    evaluate(parsed.get(expression).expr, grid, {
      source,
      lookbackMs,
      subqueryStepMs,
      startMs: grid.startMs,
      endMs: grid.startMs + grid.stepMs * (grid.count - 1),
      error: (where, problem) => new PromqlError(expression, where.at, problem),
    });
  return {
    async query(expression, atMs) {
      return instantResult(run(expression, { startMs: atMs, stepMs: 0, count: 1 }));
    },
    async queryRange(expression, fromMs, toMs, stepMs) {
      if (!(stepMs > 0) || !(toMs >= fromMs)) {
        throw new RangeError(`expected fromMs <= toMs and stepMs > 0, got ${fromMs}, ${toMs} and ${stepMs}`);
      }
      const grid = { startMs: fromMs, stepMs, count: Math.floor((toMs - fromMs) / stepMs) + 1 };
      return rangeResult(run(expression, grid), grid);
    },
  };
}

/** Objectives ask the same expressions every second; the tree is kept, and with it what is remembered about it. */
class ParsedExpressions {
  static readonly #most = 500;
  readonly #known = new Map<string, CheckedExpression>();

  get(expression: string): CheckedExpression {
    const known = this.#known.get(expression);
    if (known !== undefined) return known;
    const checked = parseChecked(expression);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= ParsedExpressions.#most) this.#known.delete(oldest);
    this.#known.set(expression, checked);
    return checked;
  }
}

function instantResult(value: Scalar | Vector): QueryResult {
  if (value.kind === 'scalar') return { type: 'scalar', value: value.values[0] ?? Number.NaN };
  const { labels, values, has } = value;
  return {
    type: 'vector',
    series: labels.flatMap((set, row) =>
      has[row] === 1 ? [{ labels: set.toRecord(), value: values[row] ?? Number.NaN }] : [],
    ),
  };
}

function rangeResult(value: Scalar | Vector, { startMs, stepMs, count }: Grid): Series[] {
  const samplesOf = (row: number, isPresent: (cell: number) => boolean) => {
    const samples: Series['samples'] = [];
    for (let step = 0; step < count; step++) {
      const cell = row * count + step;
      if (isPresent(cell)) samples.push({ tMs: startMs + step * stepMs, value: value.values[cell] ?? Number.NaN });
    }
    return samples;
  };
  if (value.kind === 'scalar') return [{ labels: {}, samples: samplesOf(0, () => true) }];
  return value.labels
    .map((set, row) => ({ labels: set.toRecord(), samples: samplesOf(row, (cell) => value.has[cell] === 1) }))
    .filter(({ samples }) => samples.length > 0);
}
