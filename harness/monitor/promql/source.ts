import type { LabelSet } from '../labels.ts';
import type { Matcher } from './ast.ts';

/**
 * One series in order of time, as the evaluator reads it in place. Only the first `length` entries count; the arrays may
 * be longer, and are replaced when the series grows.
 */
export interface SeriesView {
  readonly labels: LabelSet;
  readonly length: number;
  /** Epoch milliseconds, strictly rising. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** How many samples are staleness markers: "the series ended here". */
  readonly staleCount: number;
  isStale(index: number): boolean;
}

/** Where the evaluator finds its series. */
export interface SeriesSource {
  /** All series that pass every matcher. The caller must not change the list. */
  select(matchers: readonly Matcher[]): readonly SeriesView[];
}

/**
 * The number of samples at or before a time. Scrapes come at a steady pace, so the search begins where the time should be
 * and widens from there: two or three reads instead of one for every halving, each of which would miss the cache.
 */
export function countUntil(times: Float64Array, length: number, tMs: number): number {
  const first = times[0];
  const last = times[length - 1];
  if (length === 0 || first === undefined || last === undefined || tMs < first) return 0;
  if (last <= tMs) return length;

  const guess = Math.floor(((tMs - first) / (last - first)) * (length - 1));
  // Invariant: what is before `low` is at or before the time, what is at `high` or after it is later.
  let low = 0;
  let high = length - 1;
  for (let width = 1, at = guess; at >= 0 && at < length; width *= 2) {
    const isBefore = (times[at] ?? 0) <= tMs;
    if (isBefore) low = at + 1;
    else high = at;
    if (isBefore !== (times[guess] ?? 0) <= tMs) break;
    at = guess + (isBefore ? width : -width);
  }
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= tMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
