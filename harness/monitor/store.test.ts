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

test('more series than it may hold are refused with the one too many and the cure', () => {
  const store = new SeriesStore({ maxSeries: 2 });
  store.series({ __name__: 'x' });
  store.series({ __name__: 'x', id: '1' });
  store.series({ __name__: 'x' });
  expect(() => store.series({ __name__: 'x', id: '2' })).toThrow(
    'The monitor holds 2 series, as many as it may; x{id="2"} is one more.',
  );
});

test('series that are scraped together keep their times once, others their own', () => {
  const store = new SeriesStore();
  const [a, b, late, gone, own] = ['a', 'b', 'late', 'gone', 'own'].map((name) => store.series({ __name__: name }));
  if (!a || !b || !late || !gone || !own) throw new Error('no series');
  for (let second = 0; second < 100; second++) {
    store.append(a, second, second);
    store.append(b, second, -second);
    if (second >= 10) store.append(late, second, second);
    if (second < 20 || second >= 60) store.append(gone, second, second);
    store.append(own, second + 0.5, second);
  }
  expect(b.times).toBe(a.times);
  expect(late.times).not.toBe(a.times);
  const timesOf = (series: typeof a) => [...series.times.subarray(0, series.length)];
  const seconds = Array.from({ length: 100 }, (_, second) => second);
  expect(timesOf(a)).toEqual(seconds);
  expect(timesOf(late)).toEqual(seconds.slice(10));
  expect(timesOf(gone)).toEqual(seconds.filter((second) => second < 20 || second >= 60));
  expect(timesOf(own)).toEqual(seconds.map((second) => second + 0.5));
  expect([gone.firstMs, gone.lastMs, gone.values[20]]).toEqual([0, 99, 60]);
});

test('a sample takes 16 bytes or fewer', () => {
  const store = new SeriesStore();
  const all = Array.from({ length: 200 }, (_, i) => store.series({ __name__: 'x', i: String(i) }));
  for (const samples of [60, 600, 3_600]) {
    for (let second = all[0]?.length ?? 0; second < samples; second++) {
      for (const series of all) store.append(series, second * 1_000, second);
    }
    const axes = new Set(all.map((series) => series.times));
    const bytes = [...axes, ...all.map((series) => series.values)].reduce((sum, array) => sum + array.byteLength, 0);
    expect(bytes / store.sampleCount).toBeLessThanOrEqual(16);
  }
});
