import { expect, test } from 'vitest';
import { parseChecked } from './check.ts';
import { PromqlError } from './error.ts';
import { format } from './format.ts';
import { parse } from './parser.ts';
import { Random } from './testing/random.ts';
import { randomQuery } from './testing/random-query.ts';

const PIECES =
  'sum by without ( ) ( ) [ ] { } , : @ - + ^ == =~ != "a" \'b\' `c` a b_total rate quantile 5m 1h30m 1 0x1F 1e9 offset bool on ignoring group_left and or unless start() end() inf nan $ ; \n # \\ " ` é 😀 \0 1.2.3 5mm count_values {__name__=~".+"}'.split(
    / /,
  );

/** Well-formed expressions, spoilt: a part left out, doubled, replaced, or put in. */
function spoilt(random: Random): string {
  let text = randomQuery(random, 'v3');
  for (let times = random.whole(4); times > 0; times--) {
    const at = random.whole(text.length + 1);
    const length = random.whole(6);
    const put =
      random.next() < 0.3 ? text.slice(at, at + length).repeat(2) : random.next() < 0.6 ? random.pick(PIECES) : '';
    text = text.slice(0, at) + put + text.slice(at + length);
  }
  return text;
}

function soup(random: Random): string {
  return Array.from({ length: random.whole(25) }, () => random.pick(PIECES)).join(random.pick(['', ' ']));
}

test('100,000 inputs give a tree that can be written and read again, or an error with its place', {
  timeout: 60_000,
}, () => {
  const random = new Random(20_261_125);
  let trees = 0;
  for (let i = 0; i < 100_000; i++) {
    const text = i % 4 === 0 ? soup(random) : spoilt(random);
    try {
      const tree = parse(text);
      trees++;
      if (i % 10 === 0) parse(format(tree));
      parseChecked(text);
    } catch (error) {
      if (!(error instanceof PromqlError)) throw new Error(`${JSON.stringify(text)}: ${error}`);
      if (!(error.line >= 1 && error.column >= 1)) throw new Error(`no place: ${JSON.stringify(text)}`);
    }
  }
  expect(trees).toBeGreaterThan(20_000);
  expect(trees).toBeLessThan(90_000);
});

test.each([
  ['matchers', (n: number) => `x{${'a="b",'.repeat(n)}}`],
  ['labels', (n: number) => `sum by (${Array.from({ length: n }, (_, i) => `l${i}`).join(',')}) (x)`],
  ['arguments', (n: number) => `label_join(x, "a", ","${', "b"'.repeat(n)})`],
  ['one string', (n: number) => `x{a="${'\\\\'.repeat(n)}"}`],
  ['one number', (n: number) => '1'.repeat(n)],
  ['one duration', (n: number) => `x[${'1m'.repeat(n)}]`],
  ['space', (n: number) => `x${' #\n'.repeat(n)}`],
  ['brackets', (n: number) => '['.repeat(n)],
  ['subqueries', (n: number) => `x${'[1m:1s]'.repeat(n)}`],
  ['minuses', (n: number) => `${'-'.repeat(n)}x`],
])('a megabyte of %s is read without going over it again and again', (_what, make) => {
  try {
    parseChecked(make(1_000_000 / Math.max(1, make(2).length - make(1).length)));
  } catch (error) {
    expect(error).toBeInstanceOf(PromqlError);
  }
});
