import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RuleEngine } from '../../harness/monitor/rules/rule-engine.ts';
import { type AlertingRule, parseRuleFile } from '../../harness/monitor/rules/rule-file.ts';
import { openFixture } from '../fixtures/open-fixture.ts';
import { LIMITS } from '../limits.ts';
import { type ExpectedAlert, firing, readRuleTests } from './rule-test-file.ts';

const ruleFolder = join(import.meta.dirname, 'rules');
const testFolder = join(import.meta.dirname, 'tests');
const alerts = readdirSync(ruleFolder)
  .flatMap((name) => parseRuleFile(readFileSync(join(ruleFolder, name), 'utf8'), name))
  .flatMap(({ rules }) => rules)
  .filter((rule): rule is AlertingRule => rule.kind === 'alert');
const names = [...new Set(alerts.map(({ alert }) => alert))];
const files = readdirSync(testFolder).map((name) => readRuleTests(join(testFolder, name)));
const tests = files.flatMap((file) => file.tests.map((test) => ({ file, test, name: test.name })));

const sorted = (all: readonly ExpectedAlert[]) => all.map((one) => JSON.stringify(one, Object.keys(one).sort())).sort();

// `promtool test rules` runs the same files in rules.test-real.ts.
describe('the rules, by our own PromQL', () => {
  it.each(tests)('$name', async ({ file, test }) => {
    const found = await firing(file, test);
    test.alert_rule_test.forEach(({ alertname, eval_time, exp_alerts }, index) => {
      const ours = found[index] ?? [];
      const where = `${alertname} at ${eval_time / 1_000} s`;
      expect(sorted(ours).length, where).toBe(exp_alerts.length);
      for (const expected of exp_alerts) expect(ours, where).toContainEqual(expected);
    });
  });

  it.each(names)('%s fires in one story and does not in another', (name) => {
    const asked = tests.flatMap(({ test }) => test.alert_rule_test).filter(({ alertname }) => alertname === name);
    expect(asked.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
    expect(asked.some(({ exp_alerts }) => exp_alerts.length === 0)).toBe(true);
  });

  it('go red when a rule is wrong', async () => {
    const [story] = tests.filter(({ name }) => name === 'a shard dies');
    if (story === undefined) throw new Error('no such story');
    const groups = story.file.groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, expr: rule.expr.replace('(shard_up) == 0', '(shard_up) == 2') })),
    }));
    expect((await firing({ ...story.file, groups }, story.test)).flat()).toEqual([]);
    expect((await firing(story.file, story.test)).flat()).toHaveLength(1);
  });
});

describe('on what was recorded', () => {
  async function fired(name: string): Promise<Set<string>> {
    const recording = await openFixture(name);
    const groups = readdirSync(ruleFolder).flatMap((file) => {
      return parseRuleFile(readFileSync(join(ruleFolder, file), 'utf8'), file);
    });
    const { store } = recording;
    const engine = new RuleEngine(groups, recording, (labels, tMs, value) => {
      if (value === undefined) store.appendStale(store.series(labels), tMs);
      else store.append(store.series(labels), tMs, value);
    });
    const found = new Set<string>();
    for (let atMs = Math.ceil(recording.fromMs); atMs <= recording.toMs; atMs += 1_000) {
      for (const { alert, state } of await engine.evaluate(atMs)) if (state === 'firing') found.add(alert);
    }
    return found;
  }
  const quiet = ['NoBackend', 'ShardDown', 'NoStandby', 'QueueOld', 'FaultNotClean'];

  it('a dead gateway and a slow shard are noticed, and nothing is that was not there', async () => {
    const found = await fired('embedded.om.gz');
    expect([...found]).toEqual(expect.arrayContaining(['BackendDown', 'ScrapeDown', 'SlowAnswers']));
    expect(quiet.filter((name) => found.has(name))).toEqual([]);
  });

  it('HAProxy notices a dead gateway as well', async () => {
    const found = await fired('real-parts.om.gz');
    expect([...found]).toContain('BackendDown');
    expect(quiet.filter((name) => found.has(name))).toEqual([]);
  });
});

describe('every alert', () => {
  const runbook = readFileSync(join(import.meta.dirname, '../../docs/alerts.md'), 'utf8');
  const anchors = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title.toLowerCase());

  it.each(alerts.map((rule) => [rule.alert, rule] as const))('%s says what it is and what to look at', (name, rule) => {
    expect(rule.labels.severity).toMatch(/^(page|ticket)$/);
    expect(rule.annotations).toMatchObject({
      summary: expect.stringMatching(/./),
      description: expect.stringMatching(/\.$/),
      runbook_url: `docs/alerts.md#${name.toLowerCase()}`,
    });
    expect(anchors).toContain(name.toLowerCase());
  });
});

it('alerts fire where the boards change colour', () => {
  const expr = (name: string) => alerts.find(({ alert }) => alert === name)?.expr ?? '';
  expect(expr('HighErrorRatio')).toMatch(new RegExp(`> ${LIMITS.errorRatio.bad}$`));
  expect(expr('SlowAnswers')).toMatch(new RegExp(`> ${LIMITS.latencySeconds.bad}$`));
  expect(expr('QueueOld').match(/> 30/g)).toHaveLength(2);
  expect(LIMITS.queueAgeSeconds.bad).toBe(30);
  expect(expr('ReplicationLag')).toMatch(new RegExp(`> ${LIMITS.replicationLagSeconds.bad}$`));
});
