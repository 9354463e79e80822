import { SeriesStore } from '../store.ts';

/** A series as plain data: its labels, the metric's name as `__name__`, and its samples in order of time. */
export interface GivenSeries {
  labels: Readonly<Record<string, string>>;
  /** `tMs` is epoch milliseconds. A value of `stale` says that the series ended here. */
  samples: readonly { tMs: number; value: number | 'stale' }[];
}

const known = new WeakMap<readonly GivenSeries[], SeriesStore>();

/** A list of series as the evaluator reads it. The same list is read once. */
export function sourceOf(list: readonly GivenSeries[]): SeriesStore {
  let source = known.get(list);
  if (source === undefined) {
    source = new SeriesStore();
    for (const { labels, samples } of list) {
      const series = source.series(labels);
      for (const { tMs, value } of samples) {
        if (value === 'stale') source.appendStale(series, Math.floor(tMs));
        else source.append(series, Math.floor(tMs), value);
      }
    }
    known.set(list, source);
  }
  return source;
}
