import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clock,
  clockSeconds,
  count,
  countdown,
  delay,
  duration,
  latency,
  limit,
  measured,
  percent,
  rate,
} from './format.ts';

describe('latency', () => {
  it.each([
    [0, '0 ms'],
    [0.004, '< 0.01 ms'],
    [0.38, '0.38 ms'],
    [0.996, '1 ms'],
    [1.2, '1.2 ms'],
    [9.96, '10 ms'],
    [38.4, '38 ms'],
    [612, '612 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [1210, '1.21 s'],
    [12_100, '12.1 s'],
    [121_400, '121 s'],
    [-38, '-38 ms'],
    [Number.POSITIVE_INFINITY, '∞'],
    [Number.NaN, '–'],
    [null, '–'],
  ])('writes %s as %s', (ms, text) => {
    expect(latency(ms)).toBe(text);
  });

  it('never lets a longer time read as a shorter one', () => {
    const milliseconds = (text: string): number =>
      Number(text.replace(/[^\d.]/g, '')) * (text.endsWith(' ms') ? 1 : 1000);
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1e6, noNaN: true }),
        fc.double({ min: 1.02, max: 10, noNaN: true }),
        (ms, factor) => {
          expect(milliseconds(latency(ms * factor))).toBeGreaterThanOrEqual(milliseconds(latency(ms)));
        },
      ),
    );
  });
});

describe('count and rate', () => {
  it.each([
    [count(100_000), '100,000'],
    [count(0), '0'],
    [count(14.256), '14.3'],
    [count(-1204), '-1,204'],
    [count(null), '–'],
    [rate(19_566.4), '19,566/s'],
    [rate(412), '412/s'],
    [rate(3.24), '3.2/s'],
    [rate(0.01), '< 0.1/s'],
    [rate(0), '0/s'],
    [rate(null), '–'],
  ])('writes %s', (written, expected) => {
    expect(written).toBe(expected);
  });
});

describe('percent', () => {
  it.each([
    [0, '0 %'],
    [0.000_001, '< 0.01 %'],
    [0.0031, '0.31 %'],
    [0.042, '4.2 %'],
    [0.61, '61 %'],
    [0.99, '99 %'],
    [0.9995, '99.95 %'],
    [0.999_99, '> 99.99 %'],
    [1, '100 %'],
    [1.0001, '> 100 %'],
    [1.38, '138 %'],
    [-0.2, '-20 %'],
    [null, '–'],
  ])('writes %s as %s', (ratio, text) => {
    expect(percent(ratio)).toBe(text);
  });

  it('says 0 % only of nothing and 100 % only of all', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true }), (ratio) => {
        expect(percent(ratio)).not.toBe('0 %');
        expect(percent(ratio)).not.toBe('100 %');
      }),
    );
  });
});

describe('times', () => {
  it.each([
    [duration(380), '380 ms'],
    [duration(4_800), '4.8 s'],
    [duration(45_000), '45 s'],
    [duration(59_960), '1 min'],
    [duration(253_000), '4 min 13 s'],
    [duration(3_599_600), '1 h'],
    [duration(3_720_000), '1 h 2 min'],
    [duration(null), '–'],
    [delay(3_100), '+3.1 s'],
    [delay(-200), '-200 ms'],
    [delay(null), '–'],
    [clock(0), '00:00.0'],
    [clock(127_499), '02:07.4'],
    [clock(3_599_999), '59:59.9'],
    [clock(3_727_000), '1:02:07'],
    [clock(-1500), '-00:01.5'],
    [clock(null), '–'],
    [clockSeconds(141_900), '02:21'],
    [countdown(23_100), '0:24'],
    [countdown(65_000), '1:05'],
    [countdown(3_726_500), '1:02:07'],
    [countdown(-5), '0:00'],
  ])('writes %s', (written, expected) => {
    expect(written).toBe(expected);
  });
});

describe('limits', () => {
  it.each([
    [limit('<', 400, 'ms'), '< 400 ms'],
    [limit('<', 1500, 'ms'), '< 1.5 s'],
    [limit('<', 0.001, 'ratio'), '< 0.1 %'],
    [limit('>=', 0.999, 'ratio'), '>= 99.9 %'],
    [limit('>', 12_000, 'per second'), '> 12,000/s'],
    [limit('<=', 1234.5, 'number'), '<= 1,234.5'],
  ])('writes %s exactly as it was set', (written, expected) => {
    expect(written).toBe(expected);
  });

  it('shows a value with as many digits as tell it from its limit', () => {
    expect(measured(612, 'ms', 400)).toBe('612 ms');
    expect(measured(399.7, 'ms', 400)).toBe('399.7 ms');
    expect(measured(400, 'ms', 400)).toBe('400 ms');
    expect(measured(0.009_99, 'ratio', 0.01)).toBe('0.999 %');
    expect(measured(null, 'ms', 400)).toBe('–');
  });

  it('never shows a value that differs from its limit as that limit', () => {
    const near = fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 1e-6, max: 0.5, noNaN: true }));
    fc.assert(
      fc.property(near, ([limitMs, beside]) => {
        expect(`< ${measured(limitMs + beside, 'ms', limitMs)}`).not.toBe(limit('<', limitMs, 'ms'));
      }),
    );
  });
});
