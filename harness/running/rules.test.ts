import { expect, it } from 'vitest';
import type { ObjectivePlan, Plan } from '../scenario/plan.ts';
import { budgetsOf, readRules } from './rules.ts';

const base = { during: [], limit: '', unit: 'ratio' as const, source: 'client' as const, of: 'home' };
const objectives: ObjectivePlan[] = [
  { ...base, name: 'Home errors', op: '<', limitValue: 0.01, measure: { kind: 'errors' } },
  { ...base, name: 'home p99', op: '<', limitValue: 400, measure: { kind: 'quantile', q: 0.99, label: 'p99' } },
  { ...base, name: 'home rate', op: '>', limitValue: 5, measure: { kind: 'rate' } },
  { ...base, name: 'home max', op: '<', limitValue: 5, measure: { kind: 'max' } },
  { ...base, name: 'no errors', op: '<=', limitValue: 0, measure: { kind: 'errors' } },
];

it('error rates and percentiles have a budget that can burn, others have none', () => {
  const plan: Pick<Plan, 'objectives'> = { objectives };
  expect(budgetsOf(plan)).toEqual([
    {
      name: 'home-errors',
      allowed: 0.01,
      errorRatio:
        'sum(rate(stampede_requests_total{name="home",ending!="ok"}[$window])) / sum(rate(stampede_requests_total{name="home"}[$window]))',
    },
    {
      name: 'home-p99',
      allowed: 0.01,
      errorRatio:
        '1 - sum(rate(stampede_request_duration_seconds_bucket{name="home",le="0.4"}[$window])) / sum(rate(stampede_request_duration_seconds_count{name="home"}[$window]))',
    },
  ]);
});

it('a rule file that is not there is a usage error', () => {
  expect(() => readRules('no/such/rules.yml')).toThrow('Cannot read the rules');
});
