import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

const latencies = fc.array(fc.double({ min: 0.01, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 300 });

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** The exact quantile by nearest rank. */
function exactly(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? Number.NaN;
}

describe('a histogram', () => {
  it('knows no quantile without samples', () => {
    expect(new Histogram().quantile(0.99)).toBeNull();
  });

  it('gives every quantile within 1 % of the truth, or half a microsecond', () => {
    fc.assert(
      fc.property(latencies, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 0.999), (values, q) => {
        const truth = exactly(values, q);
        const told = histogramOf(values).quantile(q) ?? Number.NaN;
        expect(Math.abs(told - truth)).toBeLessThanOrEqual(Math.max(truth * 0.01, 0.0006));
      }),
    );
  });

  it('knows its greatest sample exactly', () => {
    expect(histogramOf([1, 2, 123.456]).maxMs).toBe(123.456);
    expect(histogramOf([1, 2, 123.456]).quantile(1)).toBe(123.456);
  });

  it('merges to the same whatever the order and the split', () => {
    fc.assert(
      fc.property(latencies, latencies, (left, right) => {
        const together = histogramOf([...left, ...right]);
        const merged = histogramOf(right);
        merged.merge(histogramOf(left));
        for (const q of [0.1, 0.5, 0.99, 1]) expect(merged.quantile(q)).toBe(together.quantile(q));
        expect(merged.count).toBe(together.count);
      }),
    );
  });

  it('survives encoding, and adds up what was encoded', () => {
    fc.assert(
      fc.property(latencies, latencies, (left, right) => {
        const decoded = new Histogram();
        decoded.mergeEncoded(histogramOf(left).encode());
        decoded.mergeEncoded(histogramOf(right).encode());
        const together = histogramOf([...left, ...right]);
        expect(decoded.count).toBe(together.count);
        // The greatest sample is encoded to a microsecond.
        for (const q of [0.25, 0.5, 0.99])
          expect(decoded.quantile(q)).toBeCloseTo(together.quantile(q) ?? Number.NaN, 2);
        expect(decoded.maxMs).toBeCloseTo(together.maxMs, 2);
      }),
    );
  });

  it('takes few bytes for few samples', () => {
    expect(histogramOf([1, 1, 1, 250]).encode().length).toBeLessThan(20);
  });

  it('refuses bytes that are cut off', () => {
    const bytes = histogramOf([1, 20, 300]).encode();
    expect(() => new Histogram().mergeEncoded(bytes.subarray(0, 2))).toThrow(RangeError);
  });

  it('counts what lies above a latency, and below each bound', () => {
    const histogram = histogramOf([1, 2, 3, 100, 200]);
    expect(histogram.countAbove(50)).toBe(2);
    expect(histogram.cumulative([2.5, 50, 1_000])).toEqual([2, 3, 5]);
  });

  it('counts the impossible at its edges', () => {
    const histogram = histogramOf([-5, 10_000_000]);
    expect(histogram.count).toBe(2);
    expect(histogram.countAbove(1)).toBe(1);
  });
});
