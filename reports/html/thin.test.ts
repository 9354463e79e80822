import { describe, expect, it } from 'vitest';
import { thin } from './thin.ts';

const x = Array.from({ length: 10 }, (_, index) => index);

describe('thin', () => {
  it('keeps a spike of a percentile and a dip of what was done', () => {
    const spike = x.map((at) => (at === 7 ? 900 : 10));
    const dip = x.map((at) => (at === 3 ? 0 : 500));
    const thinned = thin(
      {
        x,
        series: [
          { label: 'p99', role: 'p99', values: spike },
          { label: 'done', role: 'done', values: dip },
        ],
      },
      4,
    );
    expect(thinned.x).toEqual([0, 3, 6, 9]);
    expect(thinned.series.map((series) => series.values)).toEqual([
      [10, 10, 900, 10],
      [500, 0, 500, 500],
    ]);
  });

  it('leaves a gap where nothing was measured', () => {
    const values = x.map((at) => (at >= 4 && at < 8 ? null : 1));
    expect(thin({ x, series: [{ label: 'p50', role: 'p50', values }] }, 5).series[0]?.values).toEqual([
      1,
      1,
      null,
      null,
      1,
    ]);
  });

  it('changes nothing that fits', () => {
    const series = [{ label: 'p50', role: 'p50' as const, values: x }];
    expect(thin({ x, series }, 10)).toEqual({ x, series });
  });
});
