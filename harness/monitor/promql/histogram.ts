import { LabelSet } from '../labels.ts';
import type { Span } from './ast.ts';
import type { Semantics } from './semantics.ts';
import { blankVector, type Evaluator, mergeDuplicates, type Vector } from './vector.ts';

interface Bucket {
  /** The value of `le`. */
  upperBound: number;
  /** Observations at or below it. */
  count: number;
}

interface Histogram {
  labels: LabelSet;
  /** Rows of the input in order of their upper bound. */
  buckets: { row: number; upperBound: number }[];
}

const withoutLe = LabelSet.dropping(['le']);

/** The quantile of each classic histogram in a vector of `_bucket` series; series without a readable `le` are passed over. */
export function histogramQuantiles(q: Float64Array, input: Vector, where: Span, evaluator: Evaluator): Vector {
  return ofHistograms(input, where, evaluator, (buckets, step) =>
    bucketQuantile(q[step] ?? Number.NaN, buckets, evaluator.semantics),
  );
}

/** The share of observations between two values in each classic histogram. */
export function histogramFractions(
  [lower, upper]: readonly [Float64Array, Float64Array],
  input: Vector,
  where: Span,
  evaluator: Evaluator,
): Vector {
  return ofHistograms(input, where, evaluator, (buckets, step) =>
    bucketFraction(lower[step] ?? Number.NaN, upper[step] ?? Number.NaN, buckets),
  );
}

function ofHistograms(
  input: Vector,
  where: Span,
  evaluator: Evaluator,
  apply: (buckets: Bucket[], step: number) => number,
): Vector {
  const { width, values, has } = input;
  const histograms = groupBuckets(input);
  const result = blankVector(
    histograms.map(({ labels }) => labels),
    width,
  );
  histograms.forEach((histogram, target) => {
    for (let step = 0; step < width; step++) {
      const buckets: Bucket[] = [];
      for (const { row, upperBound } of histogram.buckets) {
        if (has[row * width + step] === 1) buckets.push({ upperBound, count: values[row * width + step] ?? 0 });
      }
      if (buckets.length === 0) continue;
      result.values[target * width + step] = apply(buckets, step);
      result.has[target * width + step] = 1;
    }
  });
  result.labels = result.labels.map(LabelSet.nameless);
  return mergeDuplicates(result, where, evaluator);
}

function groupBuckets(input: Vector): Histogram[] {
  const byKey = new Map<string, Histogram>();
  input.labels.forEach((set, row) => {
    const upperBound = parseBound(set.get('le'));
    if (upperBound === undefined) return;
    const labels = withoutLe(set);
    const known = byKey.get(labels.key);
    if (known === undefined) byKey.set(labels.key, { labels, buckets: [{ row, upperBound }] });
    else known.buckets.push({ row, upperBound });
  });
  const histograms = [...byKey.values()];
  for (const { buckets } of histograms) buckets.sort((a, b) => a.upperBound - b.upperBound);
  return histograms;
}

function parseBound(le: string): number | undefined {
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(le);
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const bound = le.trim() === '' ? Number.NaN : Number(le);
  return Number.isNaN(bound) ? undefined : bound;
}

/**
 * Prometheus' `BucketQuantile`: linear within the bucket the rank falls into; the lowest bucket begins at 0 when its
 * bound is above 0; a rank in the last bucket answers the highest finite bound.
 */
export function bucketQuantile(q: number, sorted: readonly Bucket[], semantics: Semantics): number {
  if (Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  if (sorted.at(-1)?.upperBound !== Number.POSITIVE_INFINITY) return Number.NaN;
  const buckets = monotonic(coalesced(sorted), semantics);
  const last = buckets.at(-1);
  if (last === undefined || buckets.length < 2 || last.count === 0) return Number.NaN;
  if (Number.isNaN(last.count) && semantics === 'v3') return Number.NaN;

  const rank = q * last.count;
  const index = firstReaching(rank, buckets);
  const before = buckets[index - 1];
  const bucket = buckets[index] ?? last;
  if (index === buckets.length - 1) return before?.upperBound ?? Number.NaN;
  if (before === undefined && bucket.upperBound <= 0) return bucket.upperBound;
  const start = before?.upperBound ?? 0;
  const countBefore = before?.count ?? 0;
  return start + (bucket.upperBound - start) * ((rank - countBefore) / (bucket.count - countBefore));
}

/** The first bucket whose count is at least the rank; by halving, so that counts which are not numbers mislead it alike. */
function firstReaching(rank: number, buckets: readonly Bucket[]): number {
  let low = 0;
  let high = buckets.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((buckets[middle]?.count ?? 0) >= rank) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Linear within the buckets the two values fall into; nothing is known within an endless bucket. */
function bucketFraction(lower: number, upper: number, sorted: readonly Bucket[]): number {
  if (sorted.at(-1)?.upperBound !== Number.POSITIVE_INFINITY) return Number.NaN;
  const buckets = monotonic(coalesced(sorted), 'v3');
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0 || Number.isNaN(total) || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  return (countBelow(upper, buckets) - countBelow(lower, buckets)) / total;
}

function countBelow(value: number, buckets: readonly Bucket[]): number {
  const index = buckets.findIndex(({ upperBound }) => upperBound > value);
  const bucket = buckets[index];
  const before = buckets[index - 1];
  if (bucket === undefined) return buckets.at(-1)?.count ?? 0;
  const start = before?.upperBound ?? (bucket.upperBound > 0 ? 0 : Number.NEGATIVE_INFINITY);
  const countBefore = before?.count ?? 0;
  if (value <= start || start === Number.NEGATIVE_INFINITY || bucket.upperBound === Number.POSITIVE_INFINITY) {
    return countBefore;
  }
  return countBefore + (bucket.count - countBefore) * ((value - start) / (bucket.upperBound - start));
}

/** Buckets of the same bound, written differently (`1` and `1.0`), are one. */
function coalesced(sorted: readonly Bucket[]): Bucket[] {
  const buckets: Bucket[] = [];
  for (const { upperBound, count } of sorted) {
    const last = buckets.at(-1);
    if (last?.upperBound === upperBound) last.count += count;
    else buckets.push({ upperBound, count });
  }
  return buckets;
}

/** Scrapes and rates leave counts that fall by a rounding error, or by a little more; a cumulative count cannot. */
function monotonic(buckets: Bucket[], semantics: Semantics): Bucket[] {
  let held = buckets[0]?.count ?? 0;
  for (const bucket of buckets) {
    if (bucket.count < held || (semantics === 'v3' && almostEqual(bucket.count, held))) bucket.count = held;
    else if (bucket.count > held) held = bucket.count;
  }
  return buckets;
}

function almostEqual(a: number, b: number): boolean {
  if (a === b) return true;
  const sum = Math.abs(a) + Math.abs(b);
  return Math.abs(a - b) / Math.min(sum, Number.MAX_VALUE) < 1e-12;
}
