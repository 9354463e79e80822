import { describe, expect, it } from 'vitest';
import { lineOf } from './monitor.ts';
import { arrivalsOf } from './rate.ts';

describe('arrivals', () => {
  it('are counted over the time they took, whatever was asked for', () => {
    const times = Array.from({ length: 51 }, (_, index) => 100 + index / 10);
    expect(arrivalsOf(times)).toEqual({ achievedPerSec: 10, note: '51 requests in 5.0 s' });
    expect(arrivalsOf([])).toEqual({ achievedPerSec: 0, note: '0 requests' });
  });
});

describe("the monitor's own bench", () => {
  it('holds each figure to its bar, and says why one could not be had', () => {
    expect(lineOf({ name: 'instant', value: 1, unit: 'ms', bar: 2, note: 'p99' })).toEqual({
      name: 'instant',
      unit: 'ms',
      samples: [1],
      bar: { of: 'value', op: '<=', limit: 2 },
      note: 'p99',
    });
    expect(lineOf({ name: 'range', value: null, unit: 'x', note: 'no Prometheus' })).toMatchObject({
      samples: [],
      skipped: 'no Prometheus',
    });
  });
});
