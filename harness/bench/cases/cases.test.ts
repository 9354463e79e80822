import { describe, expect, it } from 'vitest';
import { linesOf } from './monitor.ts';
import { arrivalsOf } from './rate.ts';

describe('arrivals', () => {
  it('are counted over the time they took, whatever was asked for', () => {
    const times = Array.from({ length: 51 }, (_, index) => 100 + index / 10);
    expect(arrivalsOf(times)).toEqual({ achievedPerSec: 10, note: '51 requests in 5.0 s' });
    expect(arrivalsOf([])).toEqual({ achievedPerSec: 0, note: '0 requests' });
  });
});

describe("the monitor's own bench", () => {
  it('gives lines, and whatever else it tells is kept', () => {
    const line = { name: 'instant query', unit: 'ms', samples: [1, 2] };
    expect(linesOf([line, { rows: 3 }])).toEqual([
      line,
      { name: 'monitor 2', unit: '', samples: [], note: '{"rows":3}' },
    ]);
    expect(linesOf(line)).toEqual([line]);
  });
});
