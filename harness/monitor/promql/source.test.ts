import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countUntil } from './source.ts';

test('counts the samples at or before a time, whatever their pace', () => {
  const gaps = fc.array(fc.oneof(fc.constant(10), fc.integer({ min: 1, max: 5_000 })), { maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: -10, max: 100_000 }), fc.nat(60), (steps, tMs, index) => {
      let atMs = 0;
      const times = Float64Array.from(steps, (step) => {
        atMs += step;
        return atMs;
      });
      for (const askedMs of [tMs, times[index] ?? tMs]) {
        expect(countUntil(times, times.length, askedMs)).toBe(times.filter((time) => time <= askedMs).length);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('does not look beyond the length', () => {
  expect(countUntil(Float64Array.of(1, 2, 3, 0, 0), 3, 2)).toBe(2);
  expect(countUntil(Float64Array.of(1, 2, 3, 0, 0), 3, 9)).toBe(3);
  expect(countUntil(new Float64Array(4), 0, 9)).toBe(0);
});
