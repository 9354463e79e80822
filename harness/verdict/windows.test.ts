import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutWindows, lengthMs, secondsOf, type WindowInput } from './windows.ts';

const run: WindowInput = {
  loadFromMs: 7_300,
  loadToMs: 107_300,
  warmUpMs: 5_000,
  recoveryMs: 30_000,
  faults: [],
  recoveredMs: () => undefined,
};

const fault = (name: string, fromMs: number, toMs: number) => ({
  name,
  requestedMs: fromMs,
  appliedMs: fromMs + 20,
  cleanMs: toMs,
});

function windowsOf(change: Partial<WindowInput>) {
  return Object.fromEntries(cutWindows({ ...run, ...change }).map((window) => [window.name, window.spans]));
}

describe('windows', () => {
  it('are whole seconds after the warm-up, all of them steady without a fault', () => {
    expect(windowsOf({})).toEqual({
      steady: [{ fromMs: 13_000, toMs: 107_000 }],
      whole: [{ fromMs: 13_000, toMs: 107_000 }],
    });
  });

  it('give every second that a fault touched to the fault', () => {
    const windows = windowsOf({ faults: [fault('slow', 40_500, 60_100)], recoveredMs: () => 63_000 });
    expect(windows['fault:slow']).toEqual([{ fromMs: 40_000, toMs: 61_000 }]);
    expect(windows['recovery:slow']).toEqual([{ fromMs: 61_000, toMs: 66_000 }]);
    expect(windows.steady).toEqual([
      { fromMs: 13_000, toMs: 40_000 },
      { fromMs: 66_000, toMs: 107_000 },
    ]);
  });

  it('end a recovery when its time is up, or when the next fault begins', () => {
    const late = windowsOf({ faults: [fault('slow', 20_000, 30_000)] });
    expect(late['recovery:slow']).toEqual([{ fromMs: 30_000, toMs: 60_000 }]);
    const next = windowsOf({ faults: [fault('slow', 20_000, 30_000), fault('dead', 45_000, 50_000)] });
    expect(next['recovery:slow']).toEqual([{ fromMs: 30_000, toMs: 45_000 }]);
  });

  it('have no recovery when the fault was never undone', () => {
    const windows = windowsOf({ faults: [{ name: 'slow', requestedMs: 20_000, appliedMs: 20_000 }] });
    expect(windows['fault:slow']).toEqual([{ fromMs: 20_000, toMs: 107_000 }]);
    expect(windows['recovery:slow']).toBeUndefined();
  });

  it('have no window for a fault that was never applied', () => {
    expect(windowsOf({ faults: [{ name: 'slow', requestedMs: 20_000 }] })['fault:slow']).toBeUndefined();
  });

  it('share out the judged time without a gap and without an overlap of steady time', () => {
    const times = fc.tuple(fc.integer({ min: 14_000, max: 90_000 }), fc.integer({ min: 1_000, max: 15_000 }));
    fc.assert(
      fc.property(fc.array(times, { maxLength: 4 }), (lives) => {
        const faults = lives.map(([fromMs, lasts], index) => fault(`f${index}`, fromMs, fromMs + lasts));
        const windows = cutWindows({ ...run, faults });
        const steady = new Set(secondsOf(windows.find((window) => window.kind === 'steady')?.spans ?? []));
        const broken = windows.filter((window) => window.kind === 'fault' || window.kind === 'recovery');
        const others = new Set(broken.flatMap((window) => secondsOf(window.spans)));
        const whole = secondsOf(windows.find((window) => window.kind === 'whole')?.spans ?? []);
        for (const second of whole) expect(steady.has(second)).toBe(!others.has(second));
        expect(lengthMs(windows.find((window) => window.kind === 'whole')?.spans ?? [])).toBe(94_000);
      }),
    );
  });
});
