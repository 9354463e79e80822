import { expect, it } from 'vitest';
import { SeriesStore } from '../store.ts';
import { monitorOf } from '../store-monitor.ts';
import { RuleEngine } from './rule-engine.ts';
import { parseRuleFile } from './rule-file.ts';

/** A store whose `errors` are given second by second, and an engine that has looked at each. */
async function after(rules: string, errors: readonly number[]) {
  const store = new SeriesStore();
  const series = store.series({ __name__: 'errors', job: 'a' });
  const engine = new RuleEngine(parseRuleFile(rules, 'rules.yml'), monitorOf(store), (labels, tMs, value) => {
    if (value === undefined) store.appendStale(store.series(labels), tMs);
    else store.append(store.series(labels), tMs, value);
  });
  const told: string[] = [];
  for (const [second, value] of errors.entries()) {
    store.append(series, second * 1_000, value);
    for (const { state, labels, annotations } of await engine.evaluate(second * 1_000)) {
      told.push(`${second} ${state} ${JSON.stringify(labels)} ${annotations.summary ?? ''}`.trim());
    }
  }
  const ask = async (expression: string, second = errors.length - 1) => {
    const answer = await monitorOf(store).query(expression, second * 1_000);
    return answer.type === 'vector' ? answer.series : [];
  };
  return { told, ask, engine };
}

const ALERT = `
groups:
  - name: g
    rules:
      - record: job:errors:double
        expr: errors * 2
        labels: { from: rule }
      - alert: Errors
        expr: job:errors:double > 10
        for: 2s
        labels: { severity: page }
        annotations: { summary: 'job {{ $labels.job }} has {{ $value }}' }
`;

it('an alert is pending, fires when it has held for its time, and is resolved', async () => {
  const labels = '{"alertname":"Errors","from":"rule","job":"a","severity":"page"}';
  const { told, ask } = await after(ALERT, [0, 6, 7, 8, 9, 0, 6, 0]);
  expect(told).toEqual([
    `1 pending ${labels} job a has 12`,
    `3 firing ${labels} job a has 16`,
    `5 resolved ${labels} job a has 18`,
    `6 pending ${labels} job a has 12`,
    `7 resolved ${labels} job a has 12`,
  ]);
  expect(await ask('ALERTS', 2)).toMatchObject([{ labels: { alertname: 'Errors', alertstate: 'pending' }, value: 1 }]);
  expect(await ask('ALERTS', 4)).toMatchObject([{ labels: { alertname: 'Errors', alertstate: 'firing' }, value: 1 }]);
  expect(await ask('ALERTS_FOR_STATE', 4)).toMatchObject([{ value: 1 }]);
  expect(await ask('ALERTS')).toEqual([]);
});

it('a recording rule writes a series, which ends when its expression gives none', async () => {
  const rules = 'groups: [{ name: g, rules: [{ record: "x:y", expr: "errors > 1" }] }]';
  const { ask } = await after(rules, [1, 2, 3, 0]);
  expect(await ask('x:y', 2)).toEqual([{ labels: { __name__: 'x:y', job: 'a' }, value: 3 }]);
  expect(await ask('x:y', 3)).toEqual([]);
});

it('a group with an interval is evaluated no more often, and an alert may be kept firing', async () => {
  const { told } = await after(
    'groups: [{ name: g, interval: 2s, rules: [{ alert: A, expr: "errors > 1", keep_firing_for: 3s }] }]',
    [0, 5, 5, 0, 0, 0, 0, 0],
  );
  expect(told.map((line) => line.split(' {')[0])).toEqual(['2 firing', '6 resolved']);
});

it('a rule that fails is told in the API and costs the others nothing', async () => {
  const rules = `groups: [{ name: g, rules: [{ record: bad, expr: 'label_replace(errors, "job", "b", "", "") or errors', labels: { job: c } }, { record: good, expr: errors }] }]`;
  const { engine, ask } = await after(rules, [1]);
  expect(await ask('good')).toHaveLength(1);
  expect(engine.ruleGroups()).toMatchObject([
    {
      name: 'g',
      rules: [{ health: 'err', lastError: 'the rule gives several series with the same labels' }, { health: 'ok' }],
    },
  ]);
});

it('the API tells rules and alerts as Prometheus does', async () => {
  const { engine } = await after(ALERT, [6, 6, 6]);
  expect(engine.ruleGroups()).toMatchObject([
    {
      rules: [
        { type: 'recording', name: 'job:errors:double' },
        { type: 'alerting', state: 'firing', duration: 2 },
      ],
    },
  ]);
  expect(engine.alerts()).toMatchObject([{ state: 'firing', activeAt: '1970-01-01T00:00:00.000Z', value: '12' }]);
});
