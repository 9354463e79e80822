import type { LabelSet } from '../labels.ts';
import type { RangeSelector, Shift, Span, VectorSelector } from './ast.ts';
import type { Budget } from './budget.ts';
import type { PromqlError } from './error.ts';
import { farEndMs, type Semantics } from './semantics.ts';
import { countUntil, type SeriesSource } from './source.ts';
import { blankVector, type Grid, trimmed, type Vector, type Window, type WindowFunction } from './vector.ts';

/** What stays the same through the evaluation of one expression, subqueries included. */
export interface Query {
  source: SeriesSource;
  semantics: Semantics;
  budget: Budget;
  /** How far back an instant selector looks for the last sample. */
  lookbackMs: number;
  /** The resolution of a subquery that names none. */
  subqueryStepMs: number;
  /** What `@ start()` and `@ end()` mean. */
  startMs: number;
  endMs: number;
  error(where: Span, problem: string): PromqlError;
}

/** The samples of one series without staleness markers. Only the first `length` entries count. */
export interface Points {
  labels: LabelSet;
  length: number;
  times: Float64Array;
  values: Float64Array;
}

/** The grid as a shifted selector sees it. A fixed time is a step of 0. */
export function shiftedGrid(grid: Grid, { offsetMs, atTime }: Shift, query: Query): Grid {
  if (atTime === undefined) return { ...grid, startMs: grid.startMs - offsetMs };
  const fixedMs = atTime.kind === 'time' ? atTime.tMs : atTime.kind === 'start' ? query.startMs : query.endMs;
  return { startMs: fixedMs - offsetMs, stepMs: 0, count: grid.count };
}

export function lastMs({ startMs, stepMs, count }: Grid): number {
  return startMs + stepMs * (count - 1);
}

/**
 * The last sample of each series within the lookback of each time, unless it is a staleness marker: its value, or when
 * it was taken in seconds. A cursor a series moves forward only.
 */
export function selectVector(selector: VectorSelector, grid: Grid, query: Query, read: 'value' | 'time'): Vector {
  const { startMs, stepMs, count } = shiftedGrid(grid, selector, query);
  const found = query.source.select(selector.matchers);
  query.budget.hold(found.length, count, selector);
  const lookbackMs = -farEndMs(-query.lookbackMs, query.semantics);
  const labels: LabelSet[] = found.map((series) => series.labels);
  const vector = blankVector(labels, count);
  let row = 0;
  for (const series of found) {
    const { times, values, length } = series;
    const mayBeStale = series.staleCount > 0;
    let next = countUntil(times, length, startMs);
    let isSeen = false;
    for (let step = 0; step < count; step++) {
      const tMs = startMs + step * stepMs;
      while (next < length && (times[next] ?? 0) <= tMs) next++;
      const sampleMs = times[next - 1];
      if (next === 0 || sampleMs === undefined || sampleMs <= tMs - lookbackMs) continue;
      if (mayBeStale && series.isStale(next - 1)) continue;
      const cell = row * count + step;
      vector.values[cell] = read === 'value' ? (values[next - 1] ?? 0) : sampleMs / 1000;
      vector.has[cell] = 1;
      isSeen = true;
    }
    // A series without values leaves its row to the next one.
    if (isSeen) labels[row++] = series.labels;
  }
  return trimmed(vector, row);
}

/** The samples a range selector may need over the whole grid. */
export function selectPoints({ selector, rangeMs }: RangeSelector, grid: Grid, query: Query): Points[] {
  const shifted = shiftedGrid(grid, selector, query);
  const fromMs = farEndMs(shifted.startMs - rangeMs, query.semantics);
  const toMs = lastMs(shifted);
  return query.source.select(selector.matchers).map((series) => {
    if (series.staleCount === 0) return series;
    const first = countUntil(series.times, series.length, fromMs);
    const end = countUntil(series.times, series.length, toMs);
    const times = new Float64Array(end - first);
    const values = new Float64Array(end - first);
    let length = 0;
    for (let i = first; i < end; i++) {
      if (series.isStale(i)) continue;
      times[length] = series.times[i] ?? 0;
      values[length] = series.values[i] ?? 0;
      length++;
    }
    return { labels: series.labels, length, times, values };
  });
}

/** A vector read as series of samples: what a subquery's windows slide over. */
export function pointsOf(vector: Vector, grid: Grid): Points[] {
  const { labels, width, values, has } = vector;
  return labels.map((set, row) => {
    const points: Points = { labels: set, length: 0, times: new Float64Array(width), values: new Float64Array(width) };
    for (let step = 0; step < width; step++) {
      const cell = row * width + step;
      if (has[cell] === 0) continue;
      points.times[points.length] = grid.startMs + step * grid.stepMs;
      points.values[points.length] = values[cell] ?? 0;
      points.length++;
    }
    return points;
  });
}

/**
 * Slides a window (t - rangeMs, t], or [t - rangeMs, t] in Prometheus 2, over each series, where t is the shifted time. Both edges move forward only, so a range
 * query never searches again after its first step. Labels stay as they are.
 */
export function slideWindows(
  found: readonly Points[],
  grid: Grid,
  { rangeMs, shift, where }: { rangeMs: number; shift: Shift; where: Span },
  query: Query,
  apply: WindowFunction,
): Vector {
  const { startMs, stepMs, count } = shiftedGrid(grid, shift, query);
  query.budget.hold(found.length, count, where);
  const reachMs = -farEndMs(-rangeMs, query.semantics);
  readAll(
    found,
    { startMs: startMs - reachMs, endMs: startMs + stepMs * (count - 1) },
    overlap(rangeMs, stepMs, count),
    where,
    query,
  );
  const labels: LabelSet[] = found.map((points) => points.labels);
  const vector = blankVector(labels, count);
  const window: Window = {
    times: vector.values,
    values: vector.values,
    from: 0,
    to: 0,
    startMs: 0,
    endMs: 0,
    nowMs: 0,
    semantics: query.semantics,
  };
  let row = 0;
  for (const points of found) {
    const { times, values, length } = points;
    window.times = times;
    window.values = values;
    let from = countUntil(times, length, startMs - reachMs);
    let to = countUntil(times, length, startMs);
    let isSeen = false;
    for (let step = 0; step < count; step++) {
      const endMs = startMs + step * stepMs;
      while (from < length && (times[from] ?? 0) <= endMs - reachMs) from++;
      while (to < length && (times[to] ?? 0) <= endMs) to++;
      if (from >= to) continue;
      window.from = from;
      window.to = to;
      window.startMs = endMs - rangeMs;
      window.endMs = endMs;
      window.nowMs = grid.startMs + step * grid.stepMs;
      const value = apply(window, step);
      if (value === undefined) continue;
      vector.values[row * count + step] = value;
      vector.has[row * count + step] = 1;
      isSeen = true;
    }
    if (isSeen) labels[row++] = points.labels;
  }
  return trimmed(vector, row);
}

/** How often each sample is read: as often as windows overlap, and at least once. */
function overlap(rangeMs: number, stepMs: number, count: number): number {
  return stepMs === 0 ? count : Math.max(1, Math.min(count, rangeMs / stepMs));
}

function readAll(
  found: readonly Points[],
  { startMs, endMs }: { startMs: number; endMs: number },
  times: number,
  where: Span,
  { budget }: Query,
): void {
  let samples = 0;
  for (const points of found) {
    samples += countUntil(points.times, points.length, endMs) - countUntil(points.times, points.length, startMs);
  }
  budget.read(samples * times, found.length, where);
}
