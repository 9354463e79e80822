import fc from 'fast-check';
import { expect, test } from 'vitest';
import { promql } from './promql.ts';
import type { GivenSeries } from './series-list.ts';
import { ourAnswer } from './testing/oracle.ts';
import { Random } from './testing/random.ts';
import { DATA, randomData } from './testing/random-data.ts';
import { randomQuery } from './testing/random-query.ts';
import { difference } from './testing/same-answer.ts';

const semantics = fc.constantFrom('v2' as const, 'v3' as const);
const seed = fc.nat({ max: 1_000_000 });
const atMs = fc.nat({ max: 100 }).map((step) => DATA.fromMs + step * 9_999);
const counters: fc.Arbitrary<GivenSeries[]> = fc
  .array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 40 })
  .map((values) => [
    { labels: { __name__: 'x' }, samples: values.map((value, i) => ({ tMs: DATA.fromMs + i * 10_000, value })) },
  ]);

function values(expression: string, series: readonly GivenSeries[], at: number, options = {}): number[] {
  const answer = promql(expression, options).instant(series, at);
  return answer.type === 'vector' ? answer.series.map(({ value }) => value) : [];
}

test('rate and increase are never negative on counters, whatever their resets', () => {
  fc.assert(
    fc.property(counters, atMs, semantics, (series, at, which) => {
      for (const expression of ['rate(x[1m])', 'increase(x[45s])', 'irate(x[1m])']) {
        for (const value of values(expression, series, at, { semantics: which }))
          expect(value).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test('a or a is a, and so is a and a; a unless a is nothing', () => {
  fc.assert(
    fc.property(seed, atMs, semantics, (from, at, which) => {
      const random = new Random(from);
      const data = randomData(random);
      const query = randomQuery(random, which);
      const ask = (expression: string) => ourAnswer({ expression, atMs: at }, data, { semantics: which });
      const alone = ask(query);
      if ('error' in alone || alone.answer.type !== 'vector') return;
      expect(difference(ask(`(${query}) or (${query})`), alone)).toBeUndefined();
      expect(difference(ask(`(${query}) and (${query})`), alone)).toBeUndefined();
      expect(ask(`(${query}) unless (${query})`)).toEqual({ answer: { type: 'vector', series: [] } });
    }),
    { numRuns: 60 },
  );
});

test('quantiles grow with their rank, in groups, over time and in histograms', () => {
  const expressions = [
    (q: number) => `quantile by (job) (${q}, cpu == cpu)`,
    (q: number) => `quantile_over_time(${q}, level[5m])`,
    (q: number) => `histogram_quantile(${q}, rate(lat_bucket[2m]))`,
  ];
  fc.assert(
    fc.property(
      seed,
      atMs,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (from, at, a, b) => {
        const data = randomData(new Random(from));
        for (const expression of expressions) {
          const low = values(expression(Math.min(a, b)), data, at);
          values(expression(Math.max(a, b)), data, at).forEach((value, i) => {
            // The lowest rank of all in an empty first bucket is 0/0, in Prometheus too.
            if (Number.isFinite(value) && !Number.isNaN(low[i])) expect(low[i]).toBeLessThanOrEqual(value + 1e-9);
          });
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('the sum of the sums of groups is the sum', () => {
  fc.assert(
    fc.property(seed, atMs, fc.constantFrom('job', 'instance', 'code', 'job, instance'), (from, at, labels) => {
      const data = randomData(new Random(from));
      const [whole] = values('sum(req_total)', data, at);
      const [parts] = values(`sum(sum by (${labels}) (req_total))`, data, at);
      expect(parts).toBe(whole);
    }),
    { numRuns: 60 },
  );
});

test('the answers over a range of time are the answers at its times', () => {
  fc.assert(
    fc.property(seed, semantics, (from, which) => {
      const random = new Random(from);
      const data = randomData(random);
      // What depends on where a query begins and ends is left out.
      const expression = randomQuery(random, which).replaceAll(/@ (start|end)\(\)/g, '');
      const grid = { fromMs: DATA.fromMs + 100_000, toMs: DATA.fromMs + 400_000, stepMs: 60_000 };
      const range = ourAnswer({ expression, ...grid }, data, { semantics: which });
      if ('error' in range || range.answer.type !== 'matrix') return;
      for (let at = grid.fromMs; at <= grid.toMs; at += grid.stepMs) {
        const instant = ourAnswer({ expression, atMs: at }, data, { semantics: which });
        if ('error' in instant || instant.answer.type !== 'vector') return;
        const then = range.answer.series.flatMap(({ labels, samples }) =>
          samples.filter(({ tMs }) => tMs === at).map(({ value }) => ({ labels, value })),
        );
        expect(difference({ answer: { type: 'vector', series: then } }, instant)).toBeUndefined();
      }
    }),
    { numRuns: 60 },
  );
});
