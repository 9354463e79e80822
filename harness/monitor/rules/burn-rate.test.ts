import { expect, it } from 'vitest';
import { burnRateRules } from './burn-rate.ts';
import { parseRuleFile } from './rule-file.ts';

const BUDGET = {
  name: 'checkout-errors',
  errorRatio: 'sum(rate(bad[$window])) / sum(rate(all[$window]))',
  allowed: 0.01,
};
const alertsOf = (runMs: number) =>
  parseRuleFile(burnRateRules([BUDGET], runMs, 1_000), 'generated').flatMap(({ rules }) =>
    rules.flatMap((rule) => (rule.kind === 'alert' ? [`${rule.labels.severity}: ${rule.expr}`] : [])),
  );

it('for thirty days the windows are those of the workbook', () => {
  const ratio = (window: string) => `slo:error_ratio:rate${window}{slo="checkout-errors"}`;
  expect(alertsOf(30 * 86_400_000)).toEqual([
    `page: ${ratio('1h')} > 0.144 and ${ratio('5m')} > 0.144`,
    `page: ${ratio('6h')} > 0.06 and ${ratio('30m')} > 0.06`,
    `ticket: ${ratio('1d')} > 0.03 and ${ratio('2h')} > 0.03`,
    `ticket: ${ratio('3d')} > 0.01 and ${ratio('6h')} > 0.01`,
  ]);
});

it('for a run of minutes they are scaled, never below 5 s, and tiers that have become alike are one', () => {
  const alerts = alertsOf(180_000);
  expect(alerts).toHaveLength(2);
  expect(alerts[0]).toContain('rate20s{slo="checkout-errors"} > 0.144 and slo:error_ratio:rate5s');
  expect(alerts[1]).toContain('> 0.03');
});
