import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { QueryResult } from '../monitor.ts';
import { SeriesStore } from '../store.ts';
import { monitorOf } from '../store-monitor.ts';
import { PromqlError } from './error.ts';

/** What a series has at 0 s, at one step, at two, ...: a number, nothing (`_`), or its end (`stale`). */
type Points = readonly (number | '_' | 'stale')[];

/** Times are seconds from 0; samples stand every `stepS` seconds. */
function monitorWith(series: Record<string, Points>, { stepS = 10, lookbackMs = 300_000 } = {}) {
  const store = new SeriesStore();
  for (const [text, points] of Object.entries(series)) {
    const stored = store.series(labelsOf(text));
    points.forEach((point, i) => {
      if (point === 'stale') store.appendStale(stored, i * stepS * 1000);
      else if (point !== '_') store.append(stored, i * stepS * 1000, point);
    });
  }
  return monitorOf(store, { lookbackMs });
}

function labelsOf(text: string): Record<string, string> {
  const [, name = '', inner = ''] = /^(\w*)(?:\{(.*)\})?$/.exec(text) ?? [];
  const pairs = [...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]);
  return { ...(name === '' ? {} : { __name__: name }), ...Object.fromEntries(pairs) };
}

/** `name{a="b"}` to value, in the order of the answer. */
function asRecord(result: QueryResult): Record<string, number> | number {
  if (result.type === 'scalar') return result.value;
  return Object.fromEntries(
    result.series.map(({ labels: { __name__ = '', ...labels }, value }) => {
      const pairs = Object.entries(labels).map(([name, text]) => `${name}="${text}"`);
      return [`${__name__}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''}`, value];
    }),
  );
}

async function ask(series: Record<string, Points>, expression: string, atS: number, options = {}) {
  return asRecord(await monitorWith(series, options).query(expression, atS * 1000));
}

describe('instant selectors', () => {
  const up: Record<string, Points> = { 'up{job="a"}': [1, 1, 0], 'up{job="b"}': [1, '_', '_'], 'down{job="a"}': [7] };

  test.each([
    ['up', { 'up{job="a"}': 0, 'up{job="b"}': 1 }],
    ['up{job="a"}', { 'up{job="a"}': 0 }],
    ['up{job!="a"}', { 'up{job="b"}': 1 }],
    ['{job=~"a|x"}', { 'up{job="a"}': 0, 'down{job="a"}': 7 }],
    ['up{job!~"a.*"}', { 'up{job="b"}': 1 }],
    ['up{zone=""}', { 'up{job="a"}': 0, 'up{job="b"}': 1 }],
    ['up offset 10s', { 'up{job="a"}': 1, 'up{job="b"}': 1 }],
    ['up{job="a"} @ 5', { 'up{job="a"}': 1 }],
    ['up{job="a"} @ 25 offset 10s', { 'up{job="a"}': 1 }],
    ['nope', {}],
  ])('%s', async (expression, expected) => expect(await ask(up, expression, 20)).toEqual(expected));

  test('the lookback excludes its far end', async () => {
    const once = { x: [5] };
    expect(await ask(once, 'x', 29.999, { lookbackMs: 30_000 })).toEqual({ x: 5 });
    expect(await ask(once, 'x', 30, { lookbackMs: 30_000 })).toEqual({});
    expect(await ask(once, 'x', 299)).toEqual({ x: 5 });
  });

  test('a series that ended is gone at once, and back with its next sample', async () => {
    const series: Record<string, Points> = { x: [1, 'stale', '_', 2] };
    expect(await ask(series, 'x', 9)).toEqual({ x: 1 });
    expect(await ask(series, 'x', 10)).toEqual({});
    expect(await ask(series, 'x', 30)).toEqual({ x: 2 });
  });

  test('a value that is not a number is a value', async () => {
    expect(await ask({ x: [Number.NaN] }, 'x', 0)).toEqual({ x: Number.NaN });
  });
});

describe('ranges exclude their far end', () => {
  const x = { x: [1, 2, 3, 4, 5, 6] };

  test.each([
    ['count_over_time(x[10s])', 50, 1],
    ['count_over_time(x[50s])', 50, 5],
    ['count_over_time(x[50001ms])', 50, 6],
    ['sum_over_time(x[25s])', 45, 9],
    ['sum_over_time(x[20s] offset 20s)', 50, 7],
    ['sum_over_time(x[20s] @ 30)', 50, 7],
  ])('%s at %d s is %d', async (expression, atS, expected) => {
    expect(await ask(x, expression, atS)).toEqual({ '': expected });
  });

  test('staleness markers are no samples, and an empty range is no answer', async () => {
    expect(await ask({ x: [1, 'stale', 3] }, 'count_over_time(x[1m])', 20)).toEqual({ '': 2 });
    expect(await ask({ x: [1, 'stale'] }, 'sum_over_time(x[10s])', 15)).toEqual({});
  });
});

describe('rate', () => {
  // Samples at 0, 10, ... 60 s; (0, 60] holds 6 of them, 10 s from the first to the start, none from the last to the end.
  test('a steady counter is extrapolated to the whole range', async () => {
    const x = { x: [100, 110, 120, 130, 140, 150, 160] };
    expect(await ask(x, 'rate(x[1m])', 60)).toEqual({ '': 1 });
    expect(await ask(x, 'increase(x[1m])', 60)).toEqual({ '': 60 });
    expect(await ask(x, 'irate(x[1m])', 60)).toEqual({ '': 1 });
  });

  test('a reset counts from zero', async () => {
    // 100 -> 110, reset, 0 -> 5 -> 15: 10 + 5 + 10 = 25 over 30 s of samples, stretched by 10 s to the start: 33.3.
    const increase = await ask({ x: ['_', 100, 110, 5, 15] }, 'increase(x[40s])', 40);
    expect(increase).toEqual({ '': expect.closeTo((25 * 40) / 30, 9) });
    expect(await ask({ x: ['_', 100, 110, 5] }, 'irate(x[40s])', 30)).toEqual({ '': 0.5 });
  });

  test('a gap before the first sample is filled by half an interval', async () => {
    // Samples at 40, 50 and 60 s in (0, 60]: 20 s sampled, 40 s to the start is over 1.1 intervals, so 5 s are added.
    expect(await ask({ x: ['_', '_', '_', '_', 100, 110, 120] }, 'increase(x[1m])', 60)).toEqual({ '': 25 });
  });

  test('a counter is not extrapolated below zero', async () => {
    // From 2 to 22 in 20 s: it was zero 2 s before the first sample, not 10 s.
    expect(await ask({ x: ['_', 2, 12, 22] }, 'increase(x[30s])', 30)).toEqual({ '': 22 });
    expect(await ask({ x: ['_', 2, 12, 22] }, 'delta(x[30s])', 30)).toEqual({ '': 30 });
  });

  test('one sample has no rate', async () => {
    expect(await ask({ x: [1, 2] }, 'rate(x[10s])', 10)).toEqual({});
  });

  test('is never negative on a counter, whatever its resets', async () => {
    const counter = fc.array(fc.oneof(fc.nat(1_000), fc.constant('_' as const), fc.constant('stale' as const)), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(counter, fc.integer({ min: 1, max: 400 }), async (points, atS) => {
        const monitor = monitorWith({ x: points });
        for (const name of ['rate', 'increase', 'irate', 'resets']) {
          const answer = asRecord(await monitor.query(`${name}(x[47s])`, atS * 1000));
          for (const value of Object.values(answer)) expect(value).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('functions over time', () => {
  const x = { x: ['_', 4, 1, Number.NaN, 3, 2, 2] as Points, y: ['_', 4, 1, 3, 2] as Points };

  test.each([
    ['min_over_time(x[1m])', 1],
    ['max_over_time(x[1m])', 4],
    ['last_over_time(x[1m]) + 0', 2],
    ['count_over_time(x[1m])', 6],
    ['changes(x[1m])', 4],
    ['avg_over_time(y[1m])', 2.5],
    ['sum_over_time(y[1m])', 10],
    ['quantile_over_time(0.5, y[1m])', 2.5],
    ['quantile_over_time(0.9, y[1m])', 3.7],
    ['stdvar_over_time(y[1m])', 1.25],
    ['stddev_over_time(y[1m])', Math.sqrt(1.25)],
    ['resets(y[1m])', 2],
    ['deriv(y[1m])', -0.04],
    ['predict_linear(y[1m], 60)', -1.3],
    ['present_over_time(y[1m])', 1],
    ['idelta(y[1m])', -1],
  ])('%s', async (expression, expected) => {
    expect(await ask(x, expression, 60)).toEqual({ '': expect.closeTo(expected, 9) });
  });

  test('last_over_time keeps the name, others drop it', async () => {
    expect(await ask(x, 'last_over_time(y[1m])', 60)).toEqual({ y: 2 });
  });

  test('rounding errors do not add up', async () => {
    expect(await ask({ x: ['_', 1e100, 1, -1e100] }, 'sum_over_time(x[1m])', 60)).toEqual({ '': 1 });
    expect(await ask({ 'x{i="1"}': [1e100], 'x{i="2"}': [1], 'x{i="3"}': [-1e100] }, 'sum(x)', 0)).toEqual({ '': 1 });
  });
});

describe('subqueries', () => {
  test('run at multiples of their step, without the far end', async () => {
    // (5, 35] at multiples of 10 s: 10, 20, 30.
    expect(await ask({ x: [1, 2, 3, 4] }, 'sum_over_time(x[30s:10s])', 35)).toEqual({ '': 9 });
    expect(await ask({ x: [1, 2, 3, 4] }, 'sum_over_time((x * 10)[20s:10s] offset 10s)', 40)).toEqual({ '': 70 });
  });

  test('a maximum of rates finds the burst that the rate of the whole hides', async () => {
    const x = { x: [0, 10, 20, 120, 130, 140] };
    expect(await ask(x, 'max_over_time(irate(x[25s])[1m:10s])', 50)).toEqual({ '': 10 });
  });
});

describe('histogram_quantile', () => {
  const buckets = {
    'h_bucket{le="0.1"}': [10],
    'h_bucket{le="0.5"}': [30],
    'h_bucket{le="1"}': [40],
    'h_bucket{le="+Inf"}': [50],
  };

  test.each([
    ['0.5', 0.4], // rank 25: 15 of the 20 in (0.1, 0.5]
    ['0.1', 0.05], // the lowest bucket begins at 0
    ['0.8', 1], // rank 40, the end of (0.5, 1]
    ['0.99', 1], // beyond the last finite bound
    ['-1', Number.NEGATIVE_INFINITY],
    ['2', Number.POSITIVE_INFINITY],
  ])('%s is %d', async (q, expected) => {
    expect(await ask(buckets, `histogram_quantile(${q}, h_bucket)`, 0)).toEqual({ '': expect.closeTo(expected, 12) });
  });

  test('each group of labels is one histogram', async () => {
    const two = {
      'h{le="1",a="x"}': [1],
      'h{le="+Inf",a="x"}': [1],
      'h{le="2",a="y"}': [4],
      'h{le="+Inf",a="y"}': [4],
    };
    expect(await ask(two, 'histogram_quantile(0.5, h)', 0)).toEqual({ '{a="x"}': 0.5, '{a="y"}': 1 });
  });

  test('without a +Inf bucket, or without observations, it is not a number', async () => {
    expect(await ask({ 'h{le="1"}': [1], 'h{le="2"}': [2] }, 'histogram_quantile(0.5, h)', 0)).toEqual({
      '': Number.NaN,
    });
    expect(await ask({ 'h{le="1"}': [0], 'h{le="+Inf"}': [0] }, 'histogram_quantile(0.5, h)', 0)).toEqual({
      '': Number.NaN,
    });
  });

  test('counts that fall are lifted: buckets are cumulative', async () => {
    // Rank 12 of 16 lies in (2, 3]: 2 above the 10 that are below, of the 4 that are there.
    const torn = { 'h{le="1"}': [10], 'h{le="2"}': [8], 'h{le="3"}': [14], 'h{le="+Inf"}': [16] };
    expect(await ask(torn, 'histogram_quantile(0.75, h)', 0)).toEqual({ '': 2.5 });
  });
});

describe('aggregation', () => {
  const load = {
    'load{job="a",host="1"}': [1],
    'load{job="a",host="2"}': [3],
    'load{job="b",host="1"}': [10],
    'load{job="b",host="3"}': [Number.NaN],
  };

  test.each([
    ['count(load)', { '': 4 }],
    ['sum(load{host!="3"})', { '': 14 }],
    ['sum by (job) (load{host!="3"})', { '{job="a"}': 4, '{job="b"}': 10 }],
    ['avg without (host) (load{host!="3"})', { '{job="a"}': 2, '{job="b"}': 10 }],
    ['max by (job) (load)', { '{job="a"}': 3, '{job="b"}': 10 }],
    ['min(load)', { '': 1 }],
    ['group by (zone) (load)', { '': 1 }],
    ['stddev by (job) (load{job="a"})', { '{job="a"}': 1 }],
    ['stdvar(load{job="a"})', { '': 1 }],
    ['quantile(0.75, load{host!="3"})', { '': 6.5 }],
    ['count by (__name__) (load)', { load: 4 }],
    ['topk(2, load)', { 'load{host="1",job="b"}': 10, 'load{host="2",job="a"}': 3 }],
    ['bottomk by (job) (1, load)', { 'load{host="1",job="a"}': 1, 'load{host="1",job="b"}': 10 }],
    ['topk(0, load)', {}],
    ['sum(nope)', {}],
  ])('%s', async (expression, expected) => expect(await ask(load, expression, 0)).toEqual(expected));

  test('topk answers in order', async () => {
    expect(Object.values(await ask(load, 'topk(3, load{host!="3"})', 0))).toEqual([10, 3, 1]);
  });

  test('sums of groups are a partition of the sum', async () => {
    const values = fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: -1_000, max: 1_000 })), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(values, async (rows) => {
        const monitor = monitorWith(Object.fromEntries(rows.map(([a, b, value]) => [`x{a="${a}",b="${b}"}`, [value]])));
        const answers = ['sum(x)', 'sum(sum by (a) (x))', 'sum(sum without (a) (x))', 'sum by () (sum by (a, b) (x))'];
        const [first, ...rest] = await Promise.all(answers.map((text) => monitor.query(text, 0)));
        for (const other of rest) expect(other).toEqual(first);
      }),
    );
  });
});

describe('operators', () => {
  const ab = {
    'a{i="1"}': [6],
    'a{i="2"}': [8],
    'b{i="1"}': [2],
    'b{i="2"}': [0],
    'b{i="3"}': [1],
    'owner{i="1",team="red"}': [1],
    'owner{i="2",team="blue"}': [1],
    'parts{i="1",p="x"}': [5],
    'parts{i="1",p="y"}': [7],
  };

  test.each([
    ['1 + 2 * 3 ^ 2 % 5', 4],
    ['-2 ^ 2', -4],
    ['1 ^ NaN', 1],
    ['3 > bool 2', 1],
    ['a + b', { '{i="1"}': 8, '{i="2"}': 8 }],
    ['a / b', { '{i="1"}': 3, '{i="2"}': Number.POSITIVE_INFINITY }],
    ['a > 6', { 'a{i="2"}': 8 }],
    ['7 > a', { 'a{i="1"}': 6 }],
    ['a > bool 6', { '{i="1"}': 0, '{i="2"}': 1 }],
    ['a > b', { 'a{i="1"}': 6, 'a{i="2"}': 8 }],
    ['b == on (i) a - 4', { '{i="1"}': 2 }],
    ['-a', { '{i="1"}': -6, '{i="2"}': -8 }],
    ['b and a', { 'b{i="1"}': 2, 'b{i="2"}': 0 }],
    ['b unless a', { 'b{i="3"}': 1 }],
    ['a or b', { 'a{i="1"}': 6, 'a{i="2"}': 8, 'b{i="3"}': 1 }],
    ['a and on () nope', {}],
    ['a * on (i) group_left (team) owner', { '{i="1",team="red"}': 6, '{i="2",team="blue"}': 8 }],
    ['b - on (i) group_right () parts', { '{i="1",p="x"}': -3, '{i="1",p="y"}': -5 }],
    ['parts > on (i) group_left () a', { 'parts{i="1",p="y"}': 7 }],
    ['sum by (i) (parts) / ignoring (p) b', { '{i="1"}': 6 }],
    ['nope / a', {}],
  ])('%s', async (expression, expected) => expect(await ask(ab, expression, 0)).toEqual(expected));

  test.each([
    [
      'parts * on (i) a',
      '1:1: two series on the left side match the same labels: parts{i="1", p="x"} and parts{i="1", p="y"}; write group_left',
    ],
    [
      'a * on (i) parts',
      '1:1: two series on the right side match the same labels: parts{i="1", p="x"} and parts{i="1", p="y"}; add labels',
    ],
    ['1 + b * on () group_left () a', '1:5: two series on the right side match the same labels'],
    ['{i="1", team=""} * 2', '1:1: the result has two series with the same labels {i="1"}'],
    ['label_replace(a, "i", "0", "", "")', '1:1: the result has two series with the same labels a{i="0"}'],
    ['topk(scalar(nope), a)', '1:6: topk needs a whole number of series, got NaN'],
  ])('%s is refused', async (expression, message) => {
    const query = monitorWith(ab).query(expression, 0);
    await expect(query).rejects.toThrow(PromqlError);
    await expect(query).rejects.toThrow(message);
  });

  test('one series may follow another under the same labels', async () => {
    const monitor = monitorWith({ 'x{v="1"}': [1, 'stale'], 'x{v="2"}': ['_', 5, 5] });
    const [series, ...others] = await monitor.queryRange('label_replace(x, "v", "", "", "")', 0, 20_000, 10_000);
    expect(others).toEqual([]);
    expect(series?.samples.map(({ value }) => value)).toEqual([1, 5, 5]);
  });
});

describe('other functions', () => {
  const x = { 'x{i="1"}': [-1.5], 'x{i="2"}': [2.5] };

  test.each([
    ['time()', 30],
    ['scalar(x{i="2"})', 2.5],
    ['scalar(x)', Number.NaN],
    ['vector(3)', { '': 3 }],
    ['abs(x)', { '{i="1"}': 1.5, '{i="2"}': 2.5 }],
    ['ceil(x)', { '{i="1"}': -1, '{i="2"}': 3 }],
    ['floor(x)', { '{i="1"}': -2, '{i="2"}': 2 }],
    ['round(x)', { '{i="1"}': -1, '{i="2"}': 3 }],
    ['round(x, 2)', { '{i="1"}': -2, '{i="2"}': 2 }],
    ['clamp(x, -1, 1)', { '{i="1"}': -1, '{i="2"}': 1 }],
    ['clamp(x, 1, -1)', {}],
    ['clamp_min(x, 0)', { '{i="1"}': 0, '{i="2"}': 2.5 }],
    ['timestamp(x)', { '{i="1"}': 0, '{i="2"}': 0 }],
    ['timestamp(x + 0)', { '{i="1"}': 30, '{i="2"}': 30 }],
    ['absent(x)', {}],
    ['absent(nope{a="1",b=~"2",c!="3"})', { '{a="1"}': 1 }],
    ['absent_over_time(x[10s])', { '': 1 }],
    ['absent_over_time(x[1m])', {}],
    ['label_replace(x, "j", "host-$1", "i", "(1)")', { 'x{i="1",j="host-1"}': -1.5, 'x{i="2"}': 2.5 }],
    ['label_join(x{i="1"}, "j", "-", "i", "i")', { 'x{i="1",j="1-1"}': -1.5 }],
    ['minute(vector(3600 + 120))', { '': 2 }],
    ['days_in_month(vector(1709164800))', { '': 29 }],
  ])('%s', async (expression, expected) => expect(await ask(x, expression, 30)).toEqual(expected));

  test('sort puts what is not a number last', async () => {
    const mixed = { 'x{i="1"}': [2], 'x{i="2"}': [Number.NaN], 'x{i="3"}': [1] };
    expect(Object.values(await ask(mixed, 'sort(x)', 0))).toEqual([1, 2, Number.NaN]);
    expect(Object.values(await ask(mixed, 'sort_desc(x)', 0))).toEqual([2, 1, Number.NaN]);
  });
});

describe('a range query', () => {
  test('holds both its ends', async () => {
    const [series] = await monitorWith({ x: [1, 2, 3, 4] }).queryRange('x', 10_000, 30_000, 10_000);
    expect(series).toEqual({
      labels: { __name__: 'x' },
      samples: [
        { tMs: 10_000, value: 2 },
        { tMs: 20_000, value: 3 },
        { tMs: 30_000, value: 4 },
      ],
    });
  });

  test('of a scalar is one series without labels', async () => {
    expect(await monitorWith({}).queryRange('time()', 0, 2_000, 1_000)).toMatchObject([
      { labels: {}, samples: [{ value: 0 }, { value: 1 }, { value: 2 }] },
    ]);
  });

  test('@ start() and @ end() are the ends of the query, in a subquery too', async () => {
    const monitor = monitorWith({ x: [1, 2, 3, 4] });
    const [series] = await monitor.queryRange(
      'x @ end() - x @ start() + sum_over_time((x @ end())[10s:5s])',
      0,
      30_000,
      15_000,
    );
    expect(series?.samples.map(({ value }) => value)).toEqual([11, 11, 11]);
  });

  test('gives at each step what an instant query gives then', async () => {
    const point = fc.oneof(
      { weight: 6, arbitrary: fc.nat(100) },
      { weight: 1, arbitrary: fc.constantFrom('_' as const, 'stale' as const) },
    );
    const expressions = [
      'x',
      'rate(x[35s])',
      'sum by (a) (x)',
      'x{b="1"} / on (a) x{b="0"}',
      'max_over_time(sum(x)[40s:7s])',
      'x unless on (a) (x > 50)',
      'quantile(0.5, x) or absent(x)',
      'histogram_quantile(0.5, label_replace(x, "le", "$1", "b", "(.*)"))',
      'x offset 25s',
      'topk(1, x) + 0',
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(point, { maxLength: 30 }), { maxLength: 4 }), async (rows) => {
        const series = Object.fromEntries(rows.map((points, i) => [`x{a="${i >> 1}",b="${i & 1}"}`, points]));
        const monitor = monitorWith(series, { lookbackMs: 30_000 });
        for (const expression of expressions) {
          const range = await monitor.queryRange(expression, 3_000, 303_000, 13_000);
          for (let tMs = 3_000; tMs <= 303_000; tMs += 13_000) {
            const at = range.flatMap(({ labels, samples }) => {
              const sample = samples.find((candidate) => candidate.tMs === tMs);
              return sample === undefined ? [] : [{ labels, value: sample.value }];
            });
            const instant = await monitor.query(expression, tMs);
            const key = (one: { labels: Record<string, string> }) => JSON.stringify(one.labels);
            const sort = (list: typeof at) => list.toSorted((a, b) => key(a).localeCompare(key(b)));
            expect(sort(at)).toEqual(instant.type === 'vector' ? sort(instant.series) : []);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('is refused before it reads more samples than it may, with their number', async () => {
    const store = new SeriesStore();
    for (const job of ['a', 'b']) {
      const series = store.series({ __name__: 'x', job });
      for (let i = 0; i < 1_000; i++) store.append(series, i * 1_000, i);
    }
    const monitor = monitorOf(store, { maxQuerySamples: 100_000 });
    expect(await monitor.queryRange('rate(x[1m])', 100_000, 800_000, 1_000)).toHaveLength(2);
    await expect(monitor.queryRange('1 + rate(x[2m])', 200_000, 900_000, 1_000)).rejects.toThrow(
      '1:10: the query would read about 196,800 samples (here 196,800 of 2 series), at most 100,000 are allowed; ask for fewer series, a shorter range or a longer step',
    );
    await expect(monitor.query('max_over_time(vector(1)[1y:1ms])', 0)).rejects.toThrow(
      '1:15: 1 series at 31,536,000,000 times bring the query to 31,536,000,001 values',
    );
  });

  test('is refused when it would not fit in memory', async () => {
    const monitor = monitorWith({ x: [1] });
    await expect(monitor.queryRange('x', 0, 60_000_000, 1)).rejects.toThrow(
      '1:1: 1 series at 60,000,001 times bring the query to 60,000,001 values, at most 50,000,000 are allowed',
    );
    await expect(monitor.queryRange('x', 10, 0, 1)).rejects.toThrow('expected fromMs <= toMs and stepMs > 0');
  });
});
