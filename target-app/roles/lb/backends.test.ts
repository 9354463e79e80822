import { describe, expect, test } from 'vitest';
import { Backends } from './backends.ts';

const two = () => {
  const backends = new Backends([
    { name: 'a', target: undefined },
    { name: 'b', target: undefined },
  ]);
  const [a, b] = backends.all;
  if (a === undefined || b === undefined) throw new Error('expected two backends');
  return { backends, a, b };
};

describe('the balancer', () => {
  test('gives nobody traffic before the first good check', () => {
    const { backends, a } = two();
    expect(backends.choose(0)).toBeUndefined();
    backends.checked(a, true);
    expect(backends.choose(0)?.name).toBe('a');
  });

  test('chooses the one with fewer requests in work, and takes turns among equals', () => {
    const { backends, a, b } = two();
    backends.checked(a, true);
    backends.checked(b, true);
    expect([backends.choose(0)?.name, backends.choose(0)?.name].sort()).toEqual(['a', 'b']);
    a.sessions = 3;
    b.sessions = 2;
    expect([1, 2, 3].map(() => backends.choose(0)?.name)).toEqual(['b', 'b', 'b']);
  });

  test('takes a backend out after the second failed check in a row, and back after one good one', () => {
    const { backends, a } = two();
    backends.checked(a, true);
    backends.checked(a, false);
    expect(backends.choose(0)?.name).toBe('a');
    backends.checked(a, true);
    backends.checked(a, false);
    expect(backends.choose(0)?.name).toBe('a');
    backends.checked(a, false);
    expect(backends.choose(0)).toBeUndefined();
    backends.checked(a, true);
    expect(backends.choose(0)?.name).toBe('a');
  });

  test('uses one that failed a request only as the last choice, for a second or until a check finds it well', () => {
    const { backends, a, b } = two();
    backends.checked(a, true);
    backends.checked(b, true);
    b.sessions = 5;
    backends.failed(a, 10_000);
    expect(backends.choose(10_999)?.name).toBe('b');
    expect(backends.choose(10_999, b)?.name).toBe('a');
    expect(backends.choose(11_000)?.name).toBe('a');
    backends.failed(a, 20_000);
    backends.checked(a, true);
    expect(backends.choose(20_001)?.name).toBe('a');
  });

  test('never chooses the one that was tried already', () => {
    const { backends, a, b } = two();
    backends.checked(a, true);
    expect(backends.choose(0, a)).toBeUndefined();
    backends.checked(b, true);
    expect(backends.choose(0, a)?.name).toBe('b');
  });
});
