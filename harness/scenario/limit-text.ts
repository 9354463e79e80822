import type { Limit } from '../units.ts';

/** A limit in words: `< 400 ms`, `> 20 %`. */
export function limitText({ op, value, unit: of }: Limit): string {
  switch (of) {
    case 'ms':
      return `${op} ${value >= 1_000 && value % 1_000 === 0 ? `${value / 1_000} s` : `${value} ms`}`;
    case 'ratio':
      return `${op} ${Number((value * 100).toPrecision(6))} %`;
    case 'per second':
      return `${op} ${value}/s`;
    case 'number':
      return `${op} ${value}`;
    default:
      return of satisfies never;
  }
}
