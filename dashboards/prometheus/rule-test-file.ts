import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { parsePromDuration } from '../../harness/monitor/promql/duration.ts';
import { parse as parsePromql } from '../../harness/monitor/promql/parser.ts';
import { RuleEngine } from '../../harness/monitor/rules/rule-engine.ts';
import { parseRuleFile, type RuleGroup } from '../../harness/monitor/rules/rule-file.ts';
import { SeriesStore, type StoredSeries } from '../../harness/monitor/store.ts';
import { monitorOf } from '../../harness/monitor/store-monitor.ts';

const duration = z.string().transform((text, context) => {
  const ms = parsePromDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: `expected a duration such as 5m, got ${text}` });
  return z.NEVER;
});

const texts = z.record(z.string(), z.string());
const expectedAlert = z.strictObject({ exp_labels: texts.default({}), exp_annotations: texts.default({}) });

/** The tests that `promtool test rules` runs, as far as ours need it: alerts, no expressions. */
const fileSchema = z.strictObject({
  rule_files: z.array(z.string()).min(1),
  evaluation_interval: duration,
  tests: z.array(
    z.strictObject({
      name: z.string().min(1),
      interval: duration,
      input_series: z.array(z.strictObject({ series: z.string(), values: z.string() })),
      alert_rule_test: z.array(
        z.strictObject({
          eval_time: duration,
          alertname: z.string(),
          exp_alerts: z.array(expectedAlert).default([]),
        }),
      ),
    }),
  ),
});

export type RuleTestFile = z.infer<typeof fileSchema> & { groups: RuleGroup[] };
export type RuleTest = RuleTestFile['tests'][number];
export type ExpectedAlert = z.infer<typeof expectedAlert>;

/** Reads a test file and the rule files that it names. Throws with every problem. */
export function readRuleTests(path: string): RuleTestFile {
  const file = fileSchema.parse(parse(readFileSync(path, 'utf8')));
  const groups = file.rule_files.flatMap((name) => {
    return parseRuleFile(readFileSync(join(dirname(path), name), 'utf8'), name);
  });
  return { ...file, groups };
}

/** Which alerts of a name are firing at each time that the test asks for, by the project's own rule engine. */
export async function firing(file: RuleTestFile, test: RuleTest): Promise<ExpectedAlert[][]> {
  const store = new SeriesStore();
  const input = test.input_series.map(({ series, values }) => ({
    series: seriesOf(store, series),
    values: expand(values),
  }));
  const engine = new RuleEngine(file.groups, monitorOf(store), (labels, tMs, value) => {
    if (value === undefined) store.appendStale(store.series(labels), tMs);
    else store.append(store.series(labels), tMs, value);
  });
  const answers = new Map<number, ExpectedAlert[]>();
  const endMs = Math.max(...test.alert_rule_test.map((ask) => ask.eval_time));
  for (let tMs = 0; tMs <= endMs; tMs += file.evaluation_interval) {
    for (const { series, values } of input) {
      const value = values[tMs / test.interval];
      if (value !== undefined) store.append(series, tMs, value);
    }
    await engine.evaluate(tMs);
    test.alert_rule_test.forEach((ask, index) => {
      if (ask.eval_time !== tMs) return;
      const alerts = engine
        .alerts()
        .filter(({ labels, state }) => labels.alertname === ask.alertname && state === 'firing');
      answers.set(
        index,
        alerts.map(({ labels: { alertname: _name, ...labels }, annotations }) => {
          return { exp_labels: labels, exp_annotations: annotations };
        }),
      );
    });
  }
  return test.alert_rule_test.map((_ask, index) => answers.get(index) ?? []);
}

function seriesOf(store: SeriesStore, text: string): StoredSeries {
  const selector = parsePromql(text);
  if (selector.kind !== 'selector') throw new Error(`expected a series, got ${text}`);
  return store.series(Object.fromEntries(selector.matchers.map(({ name, value }) => [name, value])));
}

/** `1 2+3x4 _ 0x9`: a value, a ramp, a gap, a value that repeats. The number after `x` is how many more there are. */
function expand(notation: string): (number | undefined)[] {
  return notation.split(/\s+/).flatMap((part): (number | undefined)[] => {
    const [, from, step = '0', more = '0'] = /^(-?[\d.]+)([+-][\d.]+)?(?:x(\d+))?$/.exec(part) ?? [];
    if (part === '_') return [undefined];
    if (from === undefined) throw new Error(`expected a value, value+stepxN or _, got ${part}`);
    return Array.from({ length: Number(more) + 1 }, (_, index) => Number(from) + index * Number(step));
  });
}
