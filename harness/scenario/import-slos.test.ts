import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StampedeError } from '../errors.ts';
import { importSlos } from './import-slos.ts';
import { slo } from './scenario.ts';

const SLOTH = `
version: prometheus/v1
service: shop
slos:
  - name: requests
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(http_requests_total[{{ .window }}]))
    alerting: { page_alert: { disable: true } }
  - name: raw
    objective: 95
    sli: { raw: { error_ratio_query: 'avg_over_time(bad[{{.window}}])' } }
`;
const OPENSLO = `
apiVersion: openslo/v1
kind: SLO
metadata: { name: checkout }
spec:
  budgetingMethod: Occurrences
  timeWindow: [{ duration: 30d, isRolling: true }]
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'sum(rate(good[1m]))' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'sum(rate(all[1m]))' } } }
  objectives: [{ target: 0.99 }]
`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'slos-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function imported(text: string) {
  const path = join(directory, 'slos.yaml');
  writeFileSync(path, text);
  return importSlos(path);
}

function problemsOf(text: string): string {
  try {
    imported(text);
  } catch (error) {
    if (error instanceof StampedeError)
      return error.problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
    throw error;
  }
  return '';
}

it('a file of Sloth becomes promises over the window', () => {
  expect(imported(SLOTH)).toEqual([
    {
      name: 'shop requests',
      spec: {
        promql: '(sum(rate(http_requests_total{code=~"5.."}[$window]))) / (sum(rate(http_requests_total[$window])))',
        is: '<= 0.1%',
      },
    },
    { name: 'shop raw', spec: { promql: 'avg_over_time(bad[$window])', is: '<= 5%' } },
  ]);
});

it('so does OpenSLO, several documents in one file', () => {
  const bad = OPENSLO.replace('good:', 'bad:')
    .replace('checkout', 'bad-checkout')
    .replace('target: 0.99', 'targetPercent: 99.5');
  expect(imported(`${OPENSLO}---${bad}`)).toEqual([
    { name: 'checkout', spec: { promql: '1 - (sum(rate(good[1m]))) / (sum(rate(all[1m])))', is: '<= 1%' } },
    { name: 'bad-checkout', spec: { promql: '(sum(rate(good[1m]))) / (sum(rate(all[1m])))', is: '<= 0.5%' } },
  ]);
});

describe('what is not understood is refused by name', () => {
  it.each([
    [OPENSLO, 'kind: SLO', 'kind: Service', 'document 1.kind: only SLO is supported'],
    [OPENSLO, 'Occurrences', 'Timeslices', 'document 1.spec.budgetingMethod: only Occurrences is supported'],
    [OPENSLO, 'type: Prometheus', 'type: Datadog', 'metricSource.type: expected Prometheus'],
    [OPENSLO, 'ratioMetric', 'thresholdMetric', 'Unrecognized key: "thresholdMetric"'],
    [OPENSLO, '{ target: 0.99 }', '{}', 'document 1: expected a target or a targetPercent'],
    [SLOTH, 'raw: { error_ratio_query', 'plugin: { id', 'document 1.slos.1.sli: expected events'],
    [SLOTH, 'objective: 95', 'objective: 100', 'document 1.slos.1.objective: expected a percentage below 100'],
    [SLOTH, 'prometheus/v1', 'prometheus/v2', 'document 1.version'],
    [SLOTH, 'service: shop', 'service: shop\nsli_plugins: []', 'Unrecognized key: "sli_plugins"'],
  ])('%#', (text, right, wrong, problem) => expect(problemsOf(text.replace(right, wrong))).toContain(problem));
});

it('a scenario imports a file that lies beside it, and each promise knows where', () => {
  writeFileSync(join(directory, 'slos.yaml'), OPENSLO);
  expect(slo.import(join(directory, 'slos.yaml'))).toMatchObject([{ name: 'checkout', spec: { is: '<= 1%' } }]);
  expect(() => slo.import('./nowhere.yaml')).toThrow(`Cannot import promises from ${import.meta.dirname}/nowhere.yaml`);
});
