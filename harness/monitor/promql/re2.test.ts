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
  ])('%s takes %j and not %j', (pattern, yes, no) => {
    expect(compileRe2(pattern).test(yes)).toBe(true);
    expect(compileRe2(pattern).test(no)).toBe(false);
  });
});

test.each(['(?=a)', '(?<!a)b', '(a)\\1', '\\k', '(', '*', '[a', '(?m)a', 'a(?i)b'])('%s is refused', (pattern) => {
  expect(() => compileRe2(pattern)).toThrow(`bad regular expression ${JSON.stringify(pattern)}`);
});
