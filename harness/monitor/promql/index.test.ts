import { PromqlError, promql } from 'stampede/promql';
import { expect, it } from 'vitest';

const requests = [200, 500].map((code) => ({
  labels: { __name__: 'requests_total', code: String(code) },
  samples: Array.from({ length: 60 }, (_, second) => ({
    tMs: second * 1_000,
    value: second * (code === 500 ? 1 : 99),
  })),
}));

it('PromQL can be asked of plain series, without anything else of Stampede', () => {
  const errors = promql('sum(rate(requests_total{code="500"}[30s])) / sum(rate(requests_total[30s]))');
  expect(errors).toMatchObject({ type: 'vector', rangeMs: 30_000 });
  expect(errors.instant(requests, 59_000)).toEqual({
    type: 'vector',
    series: [{ labels: {}, value: expect.closeTo(0.01, 12) }],
  });
  expect(errors.range(requests, 50_000, 52_000, 1_000)).toEqual([
    { labels: {}, samples: [50_000, 51_000, 52_000].map((tMs) => ({ tMs, value: expect.closeTo(0.01, 12) })) },
  ]);
});

it('the semantics of Prometheus 2 count a sample on the far end of a range', () => {
  const count = (semantics: 'v2' | 'v3') =>
    promql('count_over_time(requests_total{code="500"}[5s])', { semantics }).instant(requests, 59_000);
  expect(count('v3')).toMatchObject({ series: [{ value: 5 }] });
  expect(count('v2')).toMatchObject({ series: [{ value: 6 }] });
});

it('what is wrong is told with its place', () => {
  expect(() => promql('sum by (code) ()')).toThrow(PromqlError);
  expect(() => promql('sum by (code) ()')).toThrow('1:16: unexpected ")" in aggregation, expected an expression');
});
