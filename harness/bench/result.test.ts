import { describe, expect, it } from 'vitest';
import { type Bar, type Machine, median, meets, pairedRatio, resultOf } from './result.ts';

const MACHINE: Machine = { cores: 2, cpu: 'test', memoryGib: 8, system: 'Linux', loadBefore: 0 };
const most = (limit: number): Bar => ({ of: 'ratio', op: '<=', limit });

describe('a median', () => {
  it('is the middle one, or between the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNull();
  });
});

describe('the ratio of two tools', () => {
  it('is the median of the rounds, so that a disturbed round falls out', () => {
    expect(pairedRatio([10, 40, 11], [10, 40, 10])).toBe(1);
    expect(pairedRatio([10, 12], [8])).toBe(1.25);
    expect(pairedRatio([10], [])).toBeUndefined();
    expect(pairedRatio([10], [0])).toBeUndefined();
  });
});

describe('a bar', () => {
  it('is met at its limit, and red beyond it', () => {
    expect(meets(most(1.15), null, 1.15)).toBe(true);
    expect(meets(most(1.15), null, 1.16)).toBe(false);
    expect(meets({ of: 'value', op: '>=', limit: 4_950 }, 4_949, undefined)).toBe(false);
  });

  it('is red when nothing was measured', () => {
    expect(meets(most(1.15), 5, undefined)).toBe(false);
    expect(meets({ of: 'value', op: '<=', limit: 1 }, null, undefined)).toBe(false);
    expect(meets({ of: 'value', op: '<=', limit: 1 }, Number.NaN, undefined)).toBe(false);
  });

  it('makes its line red', () => {
    const measured = {
      name: 'CPU',
      unit: 's',
      samples: [13, 14, 12],
      ratio: { to: 'wrk', value: 1.9 },
      bar: most(1.15),
    };
    const result = resultOf('cpu', measured, MACHINE, '2026-11-25T03:00:00.000Z');
    expect(result).toMatchObject({ value: 13, ok: false });
    expect(result.spread).toBeCloseTo(2 / 13);
  });

  it('is not there for a figure that is only shown', () => {
    const result = resultOf('cpu', { name: 'CPU', unit: 's', samples: [13] }, MACHINE, 'now');
    expect(result.ok).toBeUndefined();
    expect(result.spread).toBeUndefined();
  });
});
