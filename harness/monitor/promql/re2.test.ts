import { describe, expect, test } from 'vitest';
import { compileRe2 } from './re2.ts';

describe('an RE2 pattern matches what it matches in Prometheus', () => {
  test.each([
    ['a|b', 'b', 'ab'],
    ['5..', '503', '5030'],
    ['a.b', 'a\nb', 'ab'],
    ['(?i)get', 'GET', 'PUT'],
    ['(?i:get)s', 'GETs', 'GETS'],
    ['127\\.0\\.0\\.1:\\d+', '127.0.0.1:80', '127a0.0.1:80'],
    ['a\\-b\\_c', 'a-b_c', 'a\\-b'],
    ['[[:alpha:]]+', 'abc', 'ab1'],
    ['[^]a]', 'b', ']'],
    ['[a\\-z]', '-', 'm'],
    ['{x}', '{x}', 'x'],
    ['x{2,3}', 'xxx', 'x'],
    ['\\Qa.b\\E', 'a.b', 'axb'],
    ['(?P<n>x)y', 'xy', 'x'],
    ['\\x41\\x{42}', 'AB', 'ab'],
    ['\\pL+', 'é', '1'],
    ['', '', 'a'],
    ['a(?i)b', 'aB', 'AB'],
    ['(?i:x)(?-i:y)', 'Xy', 'xY'],
    ['(?U)a+', 'aaa', 'b'],
    ['(a|b)*c', 'abac', 'abd'],
  ])('%s takes %j and not %j', (pattern, yes, no) => {
    expect(compileRe2(pattern).test(yes)).toBe(true);
    expect(compileRe2(pattern).test(no)).toBe(false);
  });
});

test.each(['(?=a)', '(?<!a)b', '(a)\\1', '\\k', '(', '*', '[a', 'a**', 'x{2000}'])('%s is refused', (pattern) => {
  expect(() => compileRe2(pattern)).toThrow(`bad regular expression ${JSON.stringify(pattern)}`);
});

test('a pattern that makes other engines go back and forth for ever is answered at once', () => {
  expect(compileRe2('(a+)+b').test('a'.repeat(50_000))).toBe(false);
});

test.each([
  ['(?P<n>x)(y)?', 'x', ['x', 'x', undefined]],
  ['(?:a(?P<n>b))+', 'abab', ['abab', 'b']],
])('%s tells what its groups matched in %s', (pattern, text, groups) => {
  const match = compileRe2(pattern).exec(text);
  expect(match?.groups).toEqual(groups);
  expect(match?.named('n')).toBe(groups[1]);
  expect(match?.named('m')).toBeUndefined();
});
