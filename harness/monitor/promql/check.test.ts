import { describe, expect, test } from 'vitest';
import { checkExpression, parseChecked } from './check.ts';

describe('the reach of an expression', () => {
  test.each([
    ['1 + 2', 0],
    ['up', 0],
    ['rate(x[1m])', 60_000],
    ['rate(x[1m] offset 30s)', 90_000],
    ['rate(x[1m] offset -5m)', 0],
    ['max_over_time(rate(x[1m])[5m:10s] offset 1m)', 420_000],
    ['rate(x[1m]) / rate(y[2m])', 120_000],
    ['topk(scalar(rate(x[1h])), y offset 3s)', 3_600_000],
    ['rate(x[1m] @ 1700000000)', 0],
  ])('%s reaches %d ms back', (expression, rangeMs) => expect(checkExpression(expression).rangeMs).toBe(rangeMs));
});

test('the type of an expression is known before it is asked', () => {
  expect(checkExpression('1 < bool 2').type).toBe('scalar');
  expect(checkExpression('scalar(up) * 2').type).toBe('scalar');
  expect(checkExpression('up > 2').type).toBe('vector');
});

describe('what has the wrong type is refused, with the fix', () => {
  test.each([
    [
      'rate(x)',
      '1:6: expected a range vector as argument 1 of rate, got an instant vector; write a range after it, such as [1m]',
    ],
    [
      'rate(sum(x))',
      '1:6: expected a range vector as argument 1 of rate, got an instant vector; write a subquery, such as (...)[1m:1s]',
    ],
    ['abs(1)', '1:5: expected an instant vector as argument 1 of abs, got a scalar; vector(...) makes one of a scalar'],
    ['sum(x[5m])', '1:5: expected an instant vector as the aggregation sum, got a range vector'],
    [
      'x[5m]',
      '1:1: the expression is a range vector, expected an instant vector or a scalar; apply a function to it, such as rate(...)',
    ],
    ['"x"', '1:1: the expression is a string, expected an instant vector or a scalar'],
    ['1 < 2', '1:1: comparing two scalars needs bool, as in 1 < bool 2'],
    ['1 and x', '1:1: "and" works on two instant vectors, got a scalar'],
    ['x[5m] + 1', '1:1: "+" works on scalars and instant vectors, got a range vector'],
    ['x * on(a) 2', '1:1: on(...) goes with two instant vectors, one side is a scalar'],
    ['rate(x[5m], 1)', '1:1: rate takes 1 argument, got 2'],
    ['round()', '1:1: round takes 1 to 2 arguments, got 0'],
    ['label_join(x)', '1:1: label_join takes 3 or more arguments, got 1'],
    ['2 * increas(x[5m])', '1:5: unknown function "increas", did you mean "increase"?'],
    [
      'histogram_count(x)',
      '1:1: the function histogram_count is not supported: it reads native histograms, which are left out here',
    ],
    ['label_replace(x, "", "", "c", "")', '1:18: "" is not a label name'],
    ['count_values("", x)', '1:14: "" is not a label name'],
    ['count_values(1, x)', '1:14: expected a string as the first argument of count_values, got a scalar'],
    ['label_replace(x, "a", "", "c", "(")', '1:32: bad regular expression "("'],
  ])('%s', (expression, message) => expect(() => checkExpression(expression)).toThrow(message));
});

test('Prometheus 3 takes any text as the name of a label, Prometheus 2 only plain names', () => {
  const expression = 'label_replace(x, "a-b", "", "c", "")';
  expect(parseChecked(expression).type).toBe('vector');
  expect(() => parseChecked(expression, 'v2')).toThrow('1:18: "a-b" is not a label name');
});

test('the shortest range is found wherever it hides', () => {
  expect(checkExpression('sum(rate(x[2s] offset 1m)) / max_over_time(rate(y[1m])[5m:])').shortestRangeMs).toBe(2_000);
  expect(checkExpression('x offset 1m').shortestRangeMs).toBeUndefined();
});
