import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrivalSchedule, activeUsers, type CurvePoint, timeReaching, valueAt } from './schedule.ts';

const upAndHold: CurvePoint[] = [
  { tMs: 0, value: 0 },
  { tMs: 10_000, value: 100 },
  { tMs: 20_000, value: 100 },
  { tMs: 25_000, value: 0 },
];

describe('a curve', () => {
  it.each([
    [0, 0],
    [5_000, 50],
    [10_000, 100],
    [15_000, 100],
    [22_500, 50],
    [25_000, 0],
  ])('is at %i ms what the lines between its points say', (tMs, value) => {
    expect(valueAt(upAndHold, tMs)).toBeCloseTo(value, 9);
  });

  it('makes the first users active, one at a time', () => {
    expect(activeUsers(upAndHold, 99)).toBe(0);
    expect(activeUsers(upAndHold, 100)).toBe(1);
    expect(activeUsers(upAndHold, 10_000)).toBe(100);
  });

  it('says when a value is first reached', () => {
    expect(timeReaching(upAndHold, 1, 0)).toBeCloseTo(100, 6);
    expect(timeReaching(upAndHold, 100, 0)).toBeCloseTo(10_000, 6);
    expect(timeReaching(upAndHold, 101, 0)).toBeUndefined();
  });
});

function arrivalsOf(curve: CurvePoint[], index = 0, of = 1): number[] {
  const schedule = new ArrivalSchedule(curve);
  const due: number[] = [];
  for (let n = index; ; n += of) {
    const tMs = schedule.dueMs(n);
    if (tMs === undefined) return due;
    due.push(tMs);
  }
}

describe('arrivals', () => {
  it('come evenly at a constant rate', () => {
    const due = arrivalsOf([
      { tMs: 0, value: 10 },
      { tMs: 1_000, value: 10 },
    ]);
    expect(due.map(Math.round)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  });

  it('are as many as the area under the curve', () => {
    // 0 to 100/s in 10 s is 500, 10 s at 100/s is 1,000, down again in 5 s is 250.
    expect(arrivalsOf(upAndHold)).toHaveLength(1_750);
  });

  it('never go back in time', () => {
    const due = arrivalsOf(upAndHold);
    expect(due.every((tMs, index) => index === 0 || tMs >= (due[index - 1] ?? 0))).toBe(true);
  });

  it('are the same ones, each once, however many share them', () => {
    const point = fc.record({ over: fc.integer({ min: 1, max: 3_000 }), value: fc.integer({ min: 0, max: 200 }) });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 5 }), fc.integer({ min: 2, max: 7 }), (points, of) => {
        let tMs = 0;
        const curve: CurvePoint[] = [{ tMs: 0, value: 0 }];
        for (const { over, value } of points) {
          tMs += over;
          curve.push({ tMs, value });
        }
        const shares = Array.from({ length: of }, (_, index) => arrivalsOf(curve, index, of));
        const dealt = shares.flat().sort((a, b) => a - b);
        const whole = arrivalsOf(curve);
        expect(dealt).toHaveLength(whole.length);
        for (const [index, due] of whole.entries()) expect(dealt[index]).toBeCloseTo(due, 5);
      }),
      { numRuns: 50 },
    );
  });
});
