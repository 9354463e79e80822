import type { Sample, Series } from '../monitor.ts';
import { Budget, DEFAULT_MAX_SAMPLES } from './budget.ts';
import { parseTyped, reachMs } from './check.ts';
import { PromqlError } from './error.ts';
import { type Answer, evaluateAny } from './evaluate.ts';
import { format } from './format.ts';
import type { Semantics } from './semantics.ts';
import { type GivenSeries, sourceOf } from './series-list.ts';
import type { SeriesSource } from './source.ts';
import type { Grid, Scalar, Vector } from './vector.ts';

export interface PromqlOptions {
  /** Whose answers are given; Prometheus 3's unless told otherwise. */
  semantics?: Semantics;
  /** How old a sample an instant selector still takes. Default 5 minutes, as in Prometheus. */
  lookbackMs?: number;
  /** The step of a subquery that names none. Default 1 minute, Prometheus' evaluation interval. */
  subqueryStepMs?: number;
  /** How many samples one query may read before it is refused. Default 250 million. */
  maxQuerySamples?: number;
}

/** What an instant query answers. */
export type InstantAnswer =
  | { type: 'scalar'; value: number }
  | { type: 'vector'; series: { labels: Record<string, string>; value: number }[] }
  | { type: 'matrix'; series: Series[] }
  | { type: 'string'; value: string };

/** A checked expression, ready to be asked of any series. */
export interface PromqlExpression {
  /** As a person would write it. */
  readonly text: string;
  readonly type: 'scalar' | 'vector' | 'range' | 'string';
  /** How far back it reaches; see `checkExpression`. */
  readonly rangeMs: number;
  /** The answer at an epoch time. Throws PromqlError where the data does not allow one. */
  instant(series: readonly GivenSeries[] | SeriesSource, atMs: number): InstantAnswer;
  /** The answers over [fromMs, toMs], both inclusive, every stepMs. A scalar is one series without labels. */
  range(series: readonly GivenSeries[] | SeriesSource, fromMs: number, toMs: number, stepMs: number): Series[];
}

/** Parses and checks an expression. Throws PromqlError with the line and column of what is wrong. */
export function promql(expression: string, options: PromqlOptions = {}): PromqlExpression {
  const semantics = options.semantics ?? 'v3';
  const { expr, type } = parseTyped(expression, semantics);
  const error = (where: { at: number }, problem: string) => new PromqlError(expression, where.at, problem, 'execution');
  const run = (series: readonly GivenSeries[] | SeriesSource, { startMs, ...grid }: Grid, endMs: number): Answer => {
    const budget = new Budget(options.maxQuerySamples ?? DEFAULT_MAX_SAMPLES, error);
    budget.hold(1, grid.count, expr);
    // Prometheus knows whole milliseconds only.
    const wholeGrid = { startMs: Math.floor(startMs), ...grid };
    return evaluateAny(expr, wholeGrid, {
      source: 'select' in series ? series : sourceOf(series),
      semantics,
      budget,
      lookbackMs: options.lookbackMs ?? 300_000,
      subqueryStepMs: options.subqueryStepMs ?? 60_000,
      startMs: wholeGrid.startMs,
      // Not the last step: what was asked for.
      endMs: Math.floor(endMs),
      error,
    });
  };
  return {
    text: format(expr),
    type,
    rangeMs: Math.max(0, reachMs(expr)),
    instant(series, atMs) {
      return instantAnswer(run(series, { startMs: atMs, stepMs: 0, count: 1 }, atMs));
    },
    range(series, fromMs, toMs, stepMs) {
      if (!(stepMs > 0) || !(toMs >= fromMs)) {
        throw new RangeError(`expected fromMs <= toMs and stepMs > 0, got ${fromMs}, ${toMs} and ${stepMs}`);
      }
      if (type === 'range' || type === 'string') {
        throw new PromqlError(
          expression,
          expr.at,
          `a query over a range of time needs a scalar or an instant vector, got a ${type}`,
        );
      }
      const grid = { startMs: fromMs, stepMs, count: Math.floor((toMs - fromMs) / stepMs) + 1 };
      const answer = run(series, grid, toMs);
      return answer.kind === 'scalar' || answer.kind === 'vector' ? rangeAnswer(answer, grid) : [];
    },
  };
}

function instantAnswer(answer: Answer): InstantAnswer {
  switch (answer.kind) {
    case 'scalar':
      return { type: 'scalar', value: answer.values[0] ?? Number.NaN };
    case 'string':
      return { type: 'string', value: answer.value };
    case 'matrix':
      return {
        type: 'matrix',
        series: answer.series.map(({ labels, samples }) => ({ labels: labels.toRecord(), samples })),
      };
    case 'vector': {
      const { labels, values, has } = answer;
      const series: { labels: Record<string, string>; value: number }[] = [];
      labels.forEach((set, row) => {
        if (has[row] === 1) series.push({ labels: set.toRecord(), value: values[row] ?? Number.NaN });
      });
      return { type: 'vector', series };
    }
    default:
      return answer satisfies never;
  }
}

function rangeAnswer(answer: Scalar | Vector, { startMs, stepMs, count }: Grid): Series[] {
  const samplesOf = (row: number, isPresent: (cell: number) => boolean) => {
    const samples: Sample[] = [];
    for (let step = 0; step < count; step++) {
      const cell = row * count + step;
      if (isPresent(cell)) samples.push({ tMs: startMs + step * stepMs, value: answer.values[cell] ?? Number.NaN });
    }
    return samples;
  };
  if (answer.kind === 'scalar') return [{ labels: {}, samples: samplesOf(0, () => true) }];
  return answer.labels
    .map((set, row) => ({ labels: set.toRecord(), samples: samplesOf(row, (cell) => answer.has[cell] === 1) }))
    .filter(({ samples }) => samples.length > 0);
}
