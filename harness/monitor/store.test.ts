import { expect, test } from 'vitest';
import { StampedeError } from '../errors.ts';
import type { Matcher } from './promql/ast.ts';
import { SeriesStore } from './store.ts';

const job = (op: Matcher['op'], value: string): Matcher[] => [{ name: 'job', op, value }];

test('a series is its label set, in whatever order, empty labels aside', () => {
  const store = new SeriesStore();
  const series = store.series({ __name__: 'x', a: '1', b: '2' });
  expect(store.series({ b: '2', a: '1', c: '', __name__: 'x' })).toBe(series);
  expect(store.series({ __name__: 'x', a: '12' })).not.toBe(series);
  expect(store.seriesCount).toBe(2);
});

test('samples come back in order, however many there are', () => {
  const store = new SeriesStore();
  const series = store.series({ __name__: 'x' });
  for (let i = 0; i < 10_000; i++) store.append(series, i, i / 3);
  expect(series.length).toBe(10_000);
  expect(Array.from(series.values.subarray(0, 10_000))).toEqual(Array.from({ length: 10_000 }, (_, i) => i / 3));
  expect(store.extent).toEqual({ fromMs: 0, toMs: 9_999 });
});

test('a sample that is not later than the last one is not stored', () => {
  const store = new SeriesStore();
  const series = store.series({ __name__: 'x' });
  expect([5, 5, 4, 6].map((tMs) => store.append(series, tMs, tMs))).toEqual([true, false, false, true]);
  expect(store.sampleCount).toBe(2);
});

test('a staleness marker is not an ordinary NaN, and survives the growth of its series', () => {
  const store = new SeriesStore();
  const series = store.series({ __name__: 'x' });
  store.append(series, 1, Number.NaN);
  store.appendStale(series, 2);
  for (let i = 3; i < 200; i++) store.append(series, i, i);
  expect([0, 1, 2].map((index) => series.isStale(index))).toEqual([false, true, false]);
  expect(series.staleCount).toBe(1);
});

test('series are found by every kind of matcher, new ones included, in the order of their labels', () => {
  const store = new SeriesStore();
  const a = store.series({ __name__: 'x', job: 'a' });
  const b = store.series({ __name__: 'x', job: 'b' });
  const none = store.series({ __name__: 'x' });
  const isB = job('=', 'b');
  expect(store.select(isB)).toEqual([b]);
  expect(store.select(job('!=', 'b'))).toEqual([none, a]);
  expect(store.select(job('=~', 'a|b'))).toEqual([a, b]);
  expect(store.select(job('!~', '.+'))).toEqual([none]);
  expect(store.select(job('=', ''))).toEqual([none]);
  expect(store.select([...isB, { name: '__name__', op: '=', value: 'y' }])).toEqual([]);

  const later = store.series({ __name__: 'y', job: 'b' });
  expect(store.select(isB)).toEqual([b, later]);
});

test('a full store refuses with the numbers and the cure', () => {
  const store = new SeriesStore({ maxSamples: 2 });
  const series = store.series({ __name__: 'x' });
  store.append(series, 1, 1);
  expect(() => store.ensureRoom(2)).toThrow(
    'The monitor holds 1 samples of 1 series and may hold 2; 2 more do not fit.',
  );
  store.append(series, 2, 2);
  expect(() => store.append(series, 3, 3)).toThrow(StampedeError);
  expect(store.sampleCount).toBe(2);
});
