import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';
import { ArrivalSchedule, activeUsers, type CurvePoint, levelled, resumed, timeReaching, valueAt } from './schedule.ts';

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

describe('Poisson arrivals', () => {
  const curve: CurvePoint[] = [
    { tMs: 0, value: 200 },
    { tMs: 100_000, value: 200 },
  ];
  const all = (seed: number, first: number, of: number) => {
    const schedule = new ArrivalSchedule(curve, new Random(seed, 'people arrivals', 0));
    const times: number[] = [];
    for (let n = first, due = schedule.dueMs(n); due !== undefined; n += of, due = schedule.dueMs(n)) times.push(due);
    return times;
  };

  it('are the same whoever asks, for the same seed', () => {
    const whole = all(7, 0, 1);
    const shared = [0, 1, 2].flatMap((index) => all(7, index, 3)).sort((a, b) => a - b);
    expect(shared).toEqual(whole);
    expect(all(8, 0, 1)).not.toEqual(whole);
  });

  it('come at the rate, with gaps as an exponential distribution has them', () => {
    const times = all(7, 0, 1);
    // 20,000 expected, standard deviation 141.
    expect(Math.abs(times.length - 20_000)).toBeLessThan(600);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(deviation / mean).toBeGreaterThan(0.96);
    expect(deviation / mean).toBeLessThan(1.04);
    expect(gaps.filter((gap) => gap > 3 * mean).length / gaps.length).toBeCloseTo(Math.exp(-3), 2);
  });
});

describe('a curve that somebody changes', () => {
  it('goes straight to a level and stays there', () => {
    const changed = levelled(upAndHold, 5_000, { to: 300, overMs: 1_000, untilMs: 60_000 });
    expect([0, 2_500, 5_000, 5_500, 6_000, 30_000, 60_000].map((tMs) => valueAt(changed, tMs))).toEqual([
      0, 25, 50, 175, 300, 300, 300,
    ]);
  });

  it('goes on with the plan where it stood, and arrivals that were due are the same as before', () => {
    const held = levelled(upAndHold, 5_000, { to: 50, overMs: 0, untilMs: 3_600_000 });
    const back = resumed(held, 15_000, upAndHold, 5_000, 2_000);
    expect([4_000, 5_000, 15_000, 16_000, 17_000, 20_000, 30_000, 35_000].map((tMs) => valueAt(back, tMs))).toEqual([
      40, 50, 50, 60, 70, 100, 100, 0,
    ]);
    const before = new ArrivalSchedule(upAndHold);
    const after = new ArrivalSchedule(back);
    for (let n = 0; n < 100; n++) expect(after.dueMs(n)).toBeCloseTo(before.dueMs(n) ?? Number.NaN, 6);
  });
});
