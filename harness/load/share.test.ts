import { describe, expect, it } from 'vitest';
import { dealt, firstOf, type Share } from './share.ts';

function members({ index, of }: Share, total: number): number[] {
  return Array.from({ length: total }, (_, n) => n).filter((n) => n % of === index);
}

describe('a share', () => {
  it('dealt out again and again still adds up to itself, each member once', () => {
    const whole: Share = { index: 0, of: 1 };
    for (const [first, second] of [
      [2, 3],
      [3, 1],
      [7, 2],
    ] as const) {
      const parts = dealt(whole, first);
      const [lost, ...kept] = parts;
      const shares = [...kept, ...(lost ? dealt(lost, second).flatMap((part) => dealt(part, 2)) : [])];
      const all = shares.flatMap((share) => members(share, 1_000)).sort((a, b) => a - b);
      expect(all).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    }
  });

  it('knows its first member from a number on', () => {
    const share = { index: 3, of: 5 };
    expect([0, 3, 4, 8, 9].map((from) => firstOf(share, from))).toEqual([3, 3, 8, 8, 13]);
  });
});
