import { describe, expect, it } from 'vitest';
import { lineOf } from './monitor.ts';
import { arrivalsOf } from './rate.ts';
import { linesOf } from './toxiproxy.ts';

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

describe('the fault proxies', () => {
  const round = (name: string, megabytesPerCpuSec: number) => ({
    name,
    megabytesPerCpuSec,
    addedMs: 0.2,
    errorMs: 1,
    errorP99Ms: 3,
  });
  const commands = ['node chaos/toxiproxy/main.ts'];

  it('are compared round by round, and only ours is held to bars', () => {
    const rounds = [1, 2, 3].flatMap((at) => [round('ours', 300 * at), round('the original', 200 * at)]);
    const lines = linesOf(rounds, { skipped: () => ({}), commands, versions: { toxiproxy: '2.9.0' } });
    expect(lines.every(({ versions }) => versions?.toxiproxy === '2.9.0')).toBe(true);
    expect(lines[0]).toMatchObject({ samples: [300, 600, 900], ratio: { to: 'the original', value: 1.5 } });
    expect(lines.filter(({ bar }) => bar !== undefined).map(({ name }) => name)).toEqual(
      lines.filter(({ name }) => name.endsWith('ours')).map(({ name }) => name),
    );
  });

  it('are not compared with one that cannot be had: the bar has nothing to hold to it', () => {
    const skipped = (name: string) => (name === 'ours' ? {} : { skipped: 'no Go' });
    const [ours, original] = linesOf([round('ours', 300)], { skipped, commands });
    expect(ours?.ratio).toBeUndefined();
    expect(original).toMatchObject({ samples: [], skipped: 'no Go' });
  });
});
