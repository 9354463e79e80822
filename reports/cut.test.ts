import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { cutEnd, cutMiddle, wrap } from './cut.ts';

describe('cutMiddle', () => {
  it('keeps both ends of a name', () => {
    expect(cutMiddle('orders->shard-eu-0', 14)).toBe('orders-…d-eu-0');
    expect(cutMiddle('short', 14)).toBe('short');
    expect(cutMiddle('orders->shard-eu-0', 14, '~')).toBe('orders-~d-eu-0');
  });

  it('counts wide characters as two columns and never splits one', () => {
    expect(cutMiddle('注文サービス', 7)).toBe('注…ビス');
    expect(cutMiddle('👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 4)).toBe('👩‍👩‍👧‍👦…');
  });

  it('is never wider than asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (text, columns) => {
        expect(stringWidth(cutMiddle(text, columns))).toBeLessThanOrEqual(columns);
        expect(stringWidth(cutEnd(text, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe('cutEnd', () => {
  it('cuts between words, so that no number loses its last digits', () => {
    expect(cutEnd('orders->shard-eu-0 takes 812 ms, took 2 ms', 27)).toBe('orders->shard-eu-0 takes…');
    expect(cutEnd('takes 812 ms', 10)).toBe('takes 812…');
  });
});

describe('wrap', () => {
  it('breaks at blanks, and a word only when it is longer than a line', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl']);
    expect(wrap('', 10)).toEqual(['']);
  });

  it('keeps every word and no line too wide', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z0-9]{1,12}$/), { minLength: 1 }),
        fc.integer({ min: 12, max: 60 }),
        (words, columns) => {
          const lines = wrap(words.join(' '), columns);
          expect(lines.join(' ')).toBe(words.join(' '));
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });
});
