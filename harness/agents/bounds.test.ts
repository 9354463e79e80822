import { expect, it } from 'vitest';
import type { ObjectivePlan } from '../scenario/plan.ts';
import { boundsSeconds } from './bounds.ts';

const p99: ObjectivePlan = {
  name: 'a',
  source: 'client',
  of: 'home',
  measure: { kind: 'quantile', q: 0.99, label: 'p99' },
  op: '<',
  limitValue: 400,
  limit: '',
  unit: 'ms',
  during: [],
};

it('the limits of promises on latency are bounds among the usual ones, each once and in order', () => {
  const errors: ObjectivePlan = { ...p99, measure: { kind: 'errors' }, unit: 'ratio', limitValue: 0.3 };
  const bounds = boundsSeconds({ objectives: [p99, { ...p99, limitValue: 500 }, errors] });
  expect(bounds).toContain(0.4);
  expect(bounds).not.toContain(0.3);
  expect(bounds.filter((bound) => bound === 0.5)).toHaveLength(1);
  expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
  expect(boundsSeconds({ objectives: [] })).toHaveLength(15);
});
