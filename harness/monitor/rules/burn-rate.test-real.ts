import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Random } from '../promql/testing/random.ts';
import { SeriesStore } from '../store.ts';
import { monitorOf } from '../store-monitor.ts';
import { burnRateRules } from './burn-rate.ts';
import { RuleEngine } from './rule-engine.ts';
import { parseRuleFile } from './rule-file.ts';

/** Prometheus' own tool, which PROMTOOL names. */
const promtool = process.env.PROMTOOL ?? '';
const SECONDS = 180;
const BUDGETS = [
  { name: 'checkout-errors', errorRatio: 'sum(rate(bad[$window])) / sum(rate(all[$window]))', allowed: 0.01 },
  { name: 'browse-errors', errorRatio: 'sum(rate(bad[$window])) / sum(rate(all[$window]))', allowed: 0.05 },
];
const rules = burnRateRules(BUDGETS, SECONDS * 1_000, 1_000);

describe.skipIf(promtool === '')('generated burn-rate rules', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'rules-'));
    writeFileSync(join(directory, 'rules.yml'), rules);
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  const tool = (...args: string[]) => execFileSync(promtool, args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });

  it('are rules to promtool', () => {
    expect(tool('check', 'rules', '--lint=all', '--lint-fatal', 'rules.yml')).toMatch(/SUCCESS: \d+ rules found/);
  });

  it.each([1, 2, 3])('fire in promtool when and with what they fire here (seed %d)', async (seed) => {
    const random = new Random(seed);
    const { bad, all } = counters(random);
    const alerts = await firing(bad, all);
    expect(alerts.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
    expect(alerts.some(({ exp_alerts }) => exp_alerts.length === 0)).toBe(true);
    const test = {
      rule_files: ['rules.yml'],
      evaluation_interval: '1s',
      tests: [
        {
          interval: '1s',
          input_series: [
            { series: 'bad', values: bad.join(' ') },
            { series: 'all', values: all.join(' ') },
          ],
          alert_rule_test: alerts,
        },
      ],
    };
    writeFileSync(join(directory, 'test.yml'), stringify(test));
    expect(tool('test', 'rules', 'test.yml')).toContain('SUCCESS');
    // And a test that cannot pass does not.
    const [first] = alerts;
    const wrong = {
      ...test,
      tests: [{ ...test.tests[0], alert_rule_test: [{ ...first, exp_alerts: [{ exp_labels: { slo: 'x' } }] }] }],
    };
    writeFileSync(join(directory, 'wrong.yml'), stringify(wrong));
    expect(() => tool('test', 'rules', 'wrong.yml')).toThrow();
  });
});

/** A target that has a bad time somewhere in the middle. */
function counters(random: Random): { bad: number[]; all: number[] } {
  const from = 40 + random.whole(40);
  const to = from + 20 + random.whole(40);
  let [failed, total] = [0, 0];
  const bad: number[] = [];
  const all: number[] = [];
  for (let second = 0; second < SECONDS; second++) {
    total += 50 + random.whole(20);
    failed += second >= from && second < to ? 10 + random.whole(20) : random.whole(2);
    bad.push(failed);
    all.push(total);
  }
  return { bad, all };
}

interface Expected {
  eval_time: string;
  alertname: string;
  exp_alerts: { exp_labels: Record<string, string>; exp_annotations: Record<string, string> }[];
}

/** What our engine says fires, every ten seconds. The tool of Debian has the semantics of Prometheus 2. */
async function firing(bad: number[], all: number[]): Promise<Expected[]> {
  const store = new SeriesStore();
  const monitor = monitorOf(store, { semantics: 'v2' });
  const engine = new RuleEngine(parseRuleFile(rules, 'rules.yml'), monitor, (labels, tMs, value) => {
    if (value === undefined) store.appendStale(store.series(labels), tMs);
    else store.append(store.series(labels), tMs, value);
  });
  const expected: Expected[] = [];
  for (let second = 0; second < SECONDS; second++) {
    store.append(store.series({ __name__: 'bad' }), second * 1_000, bad[second] ?? 0);
    store.append(store.series({ __name__: 'all' }), second * 1_000, all[second] ?? 0);
    await engine.evaluate(second * 1_000);
    if (second % 10 !== 0) continue;
    const alerts = engine.alerts() as {
      state: string;
      labels: Record<string, string>;
      annotations: Record<string, string>;
    }[];
    expected.push({
      eval_time: `${second}s`,
      alertname: 'BudgetBurns',
      exp_alerts: alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels: { alertname: _name, ...labels }, annotations }) => ({
          exp_labels: labels,
          exp_annotations: annotations,
        })),
    });
  }
  return expected;
}
