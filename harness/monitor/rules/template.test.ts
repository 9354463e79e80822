import { describe, expect, it } from 'vitest';
import { checkTemplate, expandTemplate } from './template.ts';

describe('a template of a rule', () => {
  it.each([
    [0, '0s'],
    [0.0204, '20.4ms'],
    [1.8, '1.8s'],
    [59.999, '60s'],
    [60, '1m 0s'],
    [3_725.9, '1h 2m 5s'],
    [93_784, '1d 2h 3m 4s'],
    [-90, '-1m 30s'],
    [Number.POSITIVE_INFINITY, '+Inf'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(expandTemplate('{{ $value | humanizeDuration }}', {}, seconds)).toBe(text);
  });

  it('is refused with the filters there are', () => {
    expect(checkTemplate('{{ $value | humanize1024 }}')).toContain('humanize, humanizeDuration, humanizePercentage');
  });
});
