import { describe, expect, it } from 'vitest';
import { type Behaviour, delayOf, errorsOf, plannedTruth, recordedTruth, releaseOf } from './truth.ts';

const STEADY: Behaviour = { fromMs: 50, toMs: 50, stallEveryMs: 1_000, stallMs: 0 };
const STALLING: Behaviour = { fromMs: 10, toMs: 10, stallEveryMs: 1_000, stallMs: 200 };

describe('the server that is known', () => {
  it('takes times that fill its range evenly', () => {
    const delays = Array.from({ length: 1_000 }, (_, n) => delayOf(n, { ...STEADY, fromMs: 40, toMs: 80 }));
    const tenths = Array.from({ length: 10 }, (_, tenth) => delays.filter((ms) => Math.floor((ms - 40) / 4) === tenth));
    for (const tenth of tenths) expect(Math.abs(tenth.length - 100)).toBeLessThanOrEqual(2);
  });

  it('holds back what is due in a stall until its end', () => {
    expect(releaseOf(999, STALLING)).toBe(999);
    expect(releaseOf(1_000, STALLING)).toBe(1_200);
    expect(releaseOf(1_199.9, STALLING)).toBe(1_200);
    expect(releaseOf(1_200, STALLING)).toBe(1_200);
    // There is none at the very beginning.
    expect(releaseOf(5, STALLING)).toBe(5);
  });
});

describe('the truth', () => {
  it('of a server that never stalls is what it takes', () => {
    const truth = plannedTruth(1_000, 1, STEADY);
    expect(truth.count).toBe(1_000);
    for (const ms of [truth.p50Ms, truth.p99Ms, truth.p999Ms, truth.maxMs]) expect(ms).toBeCloseTo(50);
  });

  it('counts everybody who came during a stall, from when they came', () => {
    // One a millisecond, until before the second stall: the 200 who are due an answer within the stall wait 10 to 210 ms for it.
    const truth = plannedTruth(1_000, 1.9, STALLING);
    expect(truth.p50Ms).toBeCloseTo(10);
    expect(truth.maxMs).toBeCloseTo(210);
    expect(truth.p99Ms).toBeCloseTo(191);
  });

  it('is from when a request was due, whenever the client sent it', () => {
    // Due at 0, 10, 20, 30; the third came 5 ms late, and each was answered 1 ms after it came.
    const arrivals = [100, 110, 125, 130];
    const served = arrivals.map((arrivedMs) => ({ arrivedMs, writtenMs: arrivedMs + 1 }));
    expect(recordedTruth(served, 100)).toEqual({ count: 4, p50Ms: 1, p99Ms: 6, p999Ms: 6, maxMs: 6 });
  });

  it('does not take the schedule from a first request that was late', () => {
    const served = [104, 110, 120].map((arrivedMs) => ({ arrivedMs, writtenMs: arrivedMs + 1 }));
    expect(recordedTruth(served, 100).maxMs).toBe(5);
  });

  it('leaves out what was never answered', () => {
    const served = [
      { arrivedMs: 0, writtenMs: 3 },
      { arrivedMs: 10, writtenMs: Number.NaN },
    ];
    expect(recordedTruth(served, 100)).toMatchObject({ count: 1, maxMs: 3 });
  });
});

describe('how far a tool is off', () => {
  const truth = { count: 1_000, p50Ms: 40, p99Ms: 300, p999Ms: 340, maxMs: 350 };

  it('is its worst quantile, and its maximum', () => {
    const { worst, maxErrorMs } = errorsOf({ p50Ms: 40.2, p99Ms: 60, p999Ms: 340, maxMs: 352 }, truth);
    expect(worst).toBeCloseTo(0.8);
    expect(maxErrorMs).toBe(2);
  });

  it('looks at what it tells only', () => {
    expect(errorsOf({ p50Ms: 40 }, truth)).toEqual({ worst: 0, maxErrorMs: undefined });
    expect(errorsOf({}, truth).worst).toBeNaN();
  });
});
