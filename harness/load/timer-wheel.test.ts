import { describe, expect, it } from 'vitest';
import { TimerWheel } from './timer-wheel.ts';

const nowMs = () => performance.now();

describe('a timer wheel', () => {
  it('never fires early, and fires in order of due time', async () => {
    const wheel = new TimerWheel(nowMs);
    const start = nowMs();
    const fired: { wanted: number; at: number }[] = [];
    await new Promise<void>((resolve) => {
      const delays = [30, 5, 12.5, 30, 1, 0, 18];
      for (const delay of delays) {
        wheel.at(start + delay, () => {
          fired.push({ wanted: delay, at: nowMs() - start });
          if (fired.length === delays.length) resolve();
        });
      }
    });
    expect(fired.map((each) => each.wanted)).toEqual([0, 1, 5, 12.5, 18, 30, 30]);
    for (const { wanted, at } of fired) expect(at).toBeGreaterThanOrEqual(wanted);
    expect(wheel.size).toBe(0);
  });

  it('fires what is long due at once, but not within the call', async () => {
    const wheel = new TimerWheel(nowMs);
    let fired = false;
    const done = new Promise<void>((resolve) =>
      wheel.at(nowMs() - 5_000, () => {
        fired = true;
        resolve();
      }),
    );
    expect(fired).toBe(false);
    await done;
  });

  it('keeps a timer that is more than a turn away', async () => {
    let clock = 0;
    const wheel = new TimerWheel(() => clock);
    const fired: number[] = [];
    wheel.at(131_072 + 10, (dueMs) => fired.push(dueMs));
    wheel.at(10, (dueMs) => fired.push(dueMs));
    clock = 1_000;
    await until(() => fired.length === 1);
    expect(fired).toEqual([10]);
    clock = 131_072 + 11;
    await until(() => fired.length === 2);
    expect(fired).toEqual([10, 131_082]);
  });

  it('tells the callback when it was due', async () => {
    const wheel = new TimerWheel(nowMs);
    const dueMs = nowMs() + 3.25;
    expect(await new Promise((resolve) => wheel.at(dueMs, resolve))).toBe(dueMs);
  });

  it('forgets everything when stopped', async () => {
    const wheel = new TimerWheel(nowMs);
    let fired = 0;
    wheel.at(nowMs() + 5, () => fired++);
    wheel.stop();
    const other = new TimerWheel(nowMs);
    await new Promise((resolve) => other.at(nowMs() + 30, resolve));
    expect(fired).toBe(0);
  });
});

async function until(done: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!done()) {
    if (performance.now() > deadline) throw new Error('not within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
