import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PromqlError } from './error.ts';
import { format } from './format.ts';
import { parse } from './parser.ts';

/** The tree as a fully parenthesised text. */
function shape(expression: string): string {
  const walk = (expr: ReturnType<typeof parse>): string => {
    if (expr.kind === 'binary') return `(${walk(expr.left)} ${expr.op} ${walk(expr.right)})`;
    if (expr.kind === 'unary') return `(${expr.op}${walk(expr.expr)})`;
    return format(expr);
  };
  return walk(parse(expression));
}

function errorOf(expression: string): PromqlError {
  try {
    parse(expression);
  } catch (error) {
    if (error instanceof PromqlError) return error;
    throw error;
  }
  throw new Error(`no error for ${expression}`);
}

describe('precedence', () => {
  test.each([
    ['1 + 2 * 3', '(1 + (2 * 3))'],
    ['2 ^ 3 ^ 2', '(2 ^ (3 ^ 2))'],
    ['8 / 4 / 2', '((8 / 4) / 2)'],
    ['-1 ^ 2', '(-(1 ^ 2))'],
    ['-a * b', '((-a) * b)'],
    ['a or b and c unless d', '(a or ((b and c) unless d))'],
    ['a > b + c', '(a > (b + c))'],
    ['a == b != c', '((a == b) != c)'],
    ['a + b offset 5m', '(a + b offset 5m)'],
    ['-a @ 100', '(-a @ 100)'],
    ['a offset 15m or b offset 45m', '(a offset 15m or b offset 45m)'],
    ['a atan2 b % c', '((a atan2 b) % c)'],
  ])('%s is read as %s', (expression, expected) => expect(shape(expression)).toBe(expected));
});

test('keywords may be metric names, and are read whatever their case', () => {
  expect(shape('SUM BY (job) (rate(by[1m])) AND sum')).toBe('(sum by (job) (rate(by[1m])) and sum)');
  expect(parse('sum')).toMatchObject({ kind: 'selector', matchers: [{ name: '__name__', op: '=', value: 'sum' }] });
});

test('a colon belongs to a name, but separates inside a subquery', () => {
  expect(parse('job:rate:5m')).toMatchObject({ kind: 'selector' });
  expect(parse('x[5m:1s]')).toMatchObject({ kind: 'subquery', rangeMs: 300_000, stepMs: 1_000 });
  expect(parse('x[5m:]')).toMatchObject({ kind: 'subquery', stepMs: undefined });
});

test('numbers are decimal, hexadecimal, scientific, infinite, or durations in seconds', () => {
  const values = ['0x1F', '1e-3', '.5', '2.', 'Inf', '+inf', '1h30m', '1ms'].map((text) => shape(text));
  expect(values).toEqual(['31', '0.001', '0.5', '2', 'Inf', '(+Inf)', '5400', '0.001']);
});

test('ranges, offsets and fixed times are milliseconds; a range may be a number of seconds', () => {
  expect(parse('x[90] offset -1m @ 12.5')).toMatchObject({
    kind: 'range',
    rangeMs: 90_000,
    selector: { offsetMs: -60_000, atTime: { kind: 'time', tMs: 12_500 } },
  });
});

test('every node knows where it stands', () => {
  const tree = parse('sum by (a) (rate(x{b="c"}[5m] offset 1m)) / 2');
  expect(tree).toMatchObject({
    at: 0,
    end: 45,
    left: { at: 0, end: 41, expr: { at: 12, end: 40, args: [{ at: 17, end: 39 }] } },
    right: { at: 44, end: 45 },
  });
});

describe('what is wrong is said with its place and what was expected', () => {
  test.each([
    ['sum by (a) ()', '1:13: unexpected ")" in aggregation, expected an expression'],
    ['sum(rate(x[5m])', '1:16: unexpected end in aggregation, expected an operator or ")"'],
    ['', '1:1: empty expression, expected an expression'],
    ['a +', '1:4: unexpected end in right side of "+", expected an expression'],
    ['a b', '1:3: unexpected "b" after the expression, expected an operator or the end'],
    ['rate(x[5m)', '1:10: unexpected ")" in range, expected ":" or "]"'],
    ['x[5 m]', '1:5: unexpected "m" in range, expected ":" or "]"'],
    ['x[5mm]', '1:3: bad number or duration "5mm"'],
    ['x[5m1h]', '1:3: bad duration "5m1h", expected units from large to small, each once: 1h30m'],
    ['x[0s]', '1:3: a range must be longer than 0'],
    ['x{a="b}', '1:5: unterminated string, expected a closing "'],
    ['x{a=b}', '1:5: unexpected "b" in label matchers, expected a quoted value'],
    ['x{a="b" c="d"}', '1:9: unexpected "c" in label matchers, expected "," or "}"'],
    ['x{a=~"(b"}', '1:6: bad regular expression "(b"'],
    ['x{__name__="y"}', '1:3: the metric name is set twice: "x" and "y"'],
    ['{a=~".*"}', '1:1: a selector needs at least one matcher that does not match the empty string'],
    ['sum(x) offset 5m', '1:8: offset goes with a selector, a range or a subquery only'],
    ['x offset 1m offset 2m', '1:13: offset is set twice'],
    ['x offset 1m [5m]', '1:13: offset and @ come after the range, as in x[5m] offset 1m'],
    ['(x)[5m]', '1:4: a range goes with a selector only; write expr[5m:1s] for a subquery'],
    ['1 + bool 2', '1:3: bool goes with comparisons only, not with "+"'],
    ['a and on(b) group_left c', '1:13: group_left does not go with "and"'],
    ['a * on(b) group_left(b) c', '1:3: label "b" must not be in on(...) and group_left(...) at once'],
    ['a * group_left b', '1:5: unexpected "group_left", expected on(...) or ignoring(...) before it'],
    ['a =~ b', '1:3: unexpected "=~" after the expression, expected an operator or the end'],
    ['a ; b', '1:3: unexpected character ";"'],
    ['limitk(3, x)', '1:1: the aggregation limitk is not supported: it is an experiment of Prometheus 3'],
    ['x{"my.metric"}', '1:3: the metric name is set twice: "x" and "my.metric"'],
    ['{"a", "b"}', '1:7: the metric name is set twice: "a" and "b"'],
    ['{"a" "b"}', '1:6: unexpected string "b" in label matchers, expected =, !=, =~ or !~'],
    ['count_values(x)', '1:15: unexpected ")" in aggregation, expected "," and the vector, as in count_values("v", x)'],
    ['rate(x[5m] smoothed)', '1:12: the modifier smoothed is not supported'],
  ])('%s', (expression, message) => expect(errorOf(expression).message).toContain(message));

  test('the line counts, and the place is shown', () => {
    const error = errorOf('sum(\n  rate(x[5m]) +\n)');
    expect(error).toMatchObject({ line: 3, column: 1, facts: [')', '^'], exitCode: 2 });
    expect(errorOf('a +\n  x{y}').facts).toEqual(['  x{y}', '     ^']);
  });

  test('deep nesting is refused before the stack ends', () => {
    expect(errorOf(`${'('.repeat(100_000)}1`).message).toContain('nested more than 200 deep');
    expect(errorOf('1'.padEnd(100_000, '+1')).message).toContain('more than 1000 operators');
  });
});

describe('for any input', () => {
  const pieces =
    'sum by ( ) [ ] { } , : @ - + ^ == =~ "a" a b rate 5m 1 offset bool on ignoring group_left and or unless start end inf \n # \\ \' `'.split(
      / /,
    );

  test('the parser gives a tree or a PromqlError', () => {
    const source = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((all) => all.join(' ')),
    );
    fc.assert(
      fc.property(source, (expression) => {
        try {
          parse(expression);
        } catch (error) {
          expect(error).toBeInstanceOf(PromqlError);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
