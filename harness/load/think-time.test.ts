import { expect, it } from 'vitest';
import { Random } from './random.ts';
import { drawThinkMs, type ThinkTime } from './think-time.ts';

function drawn(think: ThinkTime): number[] {
  const random = new Random(1, 'think', 0);
  return Array.from({ length: 100_000 }, () => drawThinkMs(random, think)).sort((a, b) => a - b);
}

it('draws evenly between two times', () => {
  const times = drawn({ fromMs: 1_000, toMs: 3_000 });
  expect(times[0]).toBeGreaterThanOrEqual(1_000);
  expect(times.at(-1)).toBeLessThan(3_000);
  for (const q of [0.1, 0.5, 0.9]) expect((times[q * 100_000] ?? 0) / 1_000).toBeCloseTo(1 + 2 * q, 1);
});

it('draws exponentially around a mean, and never more than ten times that', () => {
  const times = drawn({ meanMs: 100 });
  expect(times.reduce((sum, each) => sum + each, 0) / times.length / 100).toBeCloseTo(1, 1);
  // Half of an exponential distribution lies below ln 2 of its mean.
  expect((times[50_000] ?? 0) / 100).toBeCloseTo(Math.LN2, 1);
  expect(times.at(-1)).toBeLessThanOrEqual(1_000);
});
