import { expect, it } from 'vitest';
import { Attempts } from './attempts.ts';

it('a tool that failed is told of once, and not tried again', async () => {
  const said: string[] = [];
  const attempts = new Attempts((line) => said.push(line));
  const tried: string[] = [];
  const fail = async () => {
    tried.push('k6');
    throw new Error('no such flag');
  };
  expect(await attempts.measure('k6', fail)).toBeUndefined();
  expect(await attempts.measure('k6', fail)).toBeUndefined();
  expect(await attempts.measure('wrk', async () => 7)).toBe(7);
  expect(tried).toEqual(['k6']);
  expect(said).toEqual(['  k6 failed: no such flag']);
  expect(attempts.reason('k6')).toEqual({ skipped: 'no such flag' });
  expect(attempts.reason('wrk')).toEqual({});
});
