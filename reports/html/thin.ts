import type { Chart, SeriesRole } from '../model.ts';

/**
 * The chart with at most `most` positions. A bucket keeps its extreme, so that neither a spike of a percentile nor a dip
 * of what was done can vanish; a bucket in which nothing was measured stays null. Values keep four significant digits.
 */
export function thin(chart: Pick<Chart, 'x' | 'series'>, most: number): Pick<Chart, 'x' | 'series'> {
  const size = Math.max(1, Math.ceil(chart.x.length / most));
  const starts = chart.x.filter((_, index) => index % size === 0);
  return {
    x: starts,
    series: chart.series.map((series) => ({
      ...series,
      values: starts.map((_, bucket) => extreme(series.role, series.values.slice(bucket * size, (bucket + 1) * size))),
    })),
  };
}

function extreme(role: SeriesRole, values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  const kept = role === 'done' ? Math.min(...known) : Math.max(...known);
  return Number(kept.toPrecision(4));
}
