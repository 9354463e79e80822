import { describe, expect, it } from 'vitest';
import { StampedeError } from '../../errors.ts';
import { parseRuleFile } from './rule-file.ts';

const FILE = `
groups:
  - name: shop
    interval: 10s
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: { source: rule }
      - alert: Down
        expr: up == 0
        for: 1m
        keep_firing_for: 30s
        labels: { severity: page }
        annotations:
          summary: '{{ $labels.instance }} is down ({{ $value | humanizePercentage }})'
  - name: more
    rules: []
`;

function problemsOf(text: string): string[] {
  try {
    parseRuleFile(text, 'rules.yml');
  } catch (error) {
    if (error instanceof StampedeError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

it("Prometheus' rule files are read", () => {
  expect(parseRuleFile(FILE, 'rules.yml')).toEqual([
    {
      name: 'shop',
      intervalMs: 10_000,
      rules: [
        { kind: 'record', record: 'job:up:sum', expr: 'sum by (job) (up)', labels: { source: 'rule' } },
        {
          kind: 'alert',
          alert: 'Down',
          expr: 'up == 0',
          forMs: 60_000,
          keepFiringForMs: 30_000,
          labels: { severity: 'page' },
          annotations: { summary: '{{ $labels.instance }} is down ({{ $value | humanizePercentage }})' },
        },
      ],
    },
    { name: 'more', intervalMs: undefined, rules: [] },
  ]);
});

describe('everything that is wrong with a rule file is told at once, with its path', () => {
  it.each([
    ['sum by (job) (up)', 'sum by (job) (', 'groups.0.rules.0.expr: 1:15: unexpected end in aggregation'],
    ['job:up:sum', 'job-up', 'groups.0.rules.0.record: expected the name of a metric'],
    ['for: 1m', 'for: soon', 'groups.0.rules.1.for: expected a duration such as 5m, got "soon"'],
    ['for: 1m', 'fro: 1m', 'groups.0.rules.1: Unrecognized key: "fro"'],
    ['name: more', 'name: shop', 'groups.1.name: another group is called "shop" already'],
    ['humanizePercentage', 'toUpper', 'groups.0.rules.1.annotations.summary: {{ $value | toUpper }} is not supported'],
    ['severity: page', 'a-b: page', 'groups.0.rules.1.labels.a-b'],
  ])('%s as %s', (right, wrong, problem) => {
    expect(problemsOf(FILE.replace(right, wrong)).join('\n')).toContain(problem);
  });

  it('two at once', () => {
    expect(problemsOf(FILE.replace('for: 1m', 'for: soon').replace('up == 0', 'up =='))).toHaveLength(2);
  });

  it('and what is no YAML', () => {
    expect(() => parseRuleFile('groups: [', 'rules.yml')).toThrow('rules.yml is not YAML');
  });
});
