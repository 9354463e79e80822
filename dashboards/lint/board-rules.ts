import { parse } from '../../harness/monitor/promql/parser.ts';
import type { Dashboard } from '../grafana-schema.ts';
import { substituted } from '../grafana-variables.ts';
import type { LintRule } from './rule.ts';

export const boardRules: readonly LintRule[] = [
  {
    name: 'template-datasource-rule',
    check(board) {
      const sources = board.templating.list.filter((variable) => variable.type === 'datasource');
      const [only, ...more] = sources;
      if (only === undefined || more.length > 0) return [`expected one data source variable, got ${sources.length}`];
      const { name, label, query } = only;
      return name === 'datasource' && label === 'Data source' && query === 'prometheus'
        ? []
        : [`expected a variable datasource, 'Data source', of prometheus, got ${name}, '${label}', of ${query}`];
    },
  },
  templated('template-job-rule', 'job', 'Job'),
  templated('template-instance-rule', 'instance', 'Instance'),
  {
    name: 'template-label-promql-rule',
    check: (board) =>
      queries(board).flatMap(({ name, query: { query } }) => {
        const [, selector, label] = /^label_values\((?:(.+),\s*)?(\w+)\)$/.exec(query) ?? [];
        if (label === undefined) return [`$${name}: expected label_values(metric, label), got ${query}`];
        const values = { job: '.+', run: '.*' };
        return selector === undefined ? [] : broken(substituted(selector, { rateInterval: '1m', range: '1h', values }));
      }),
  },
  {
    name: 'template-on-time-change-reload-rule',
    check: (board) =>
      queries(board)
        .filter(({ refresh }) => refresh !== 2)
        .map(({ name }) => `$${name} is not read again when the time changes`),
  },
  {
    name: 'uneditable-dashboard',
    check: ({ editable }) => (editable ? ['it can be edited in Grafana, and the next start would take that back'] : []),
  },
];

function templated(rule: string, name: string, label: string): LintRule {
  return {
    name: rule,
    check(board) {
      const variable = queries(board).find((candidate) => candidate.name === name);
      if (variable === undefined) return [`there is no variable ${name}`];
      const problems: string[] = [];
      if (variable.label !== label) problems.push(`$${name} should be labelled ${label}, is ${variable.label}`);
      if (variable.datasource.uid !== '$datasource') problems.push(`$${name} does not read from $datasource`);
      if (!variable.multi) problems.push(`$${name} takes one value only`);
      if (variable.allValue !== '.+') problems.push(`all of $${name} should be .+, is ${variable.allValue}`);
      return problems;
    },
  };
}

type QueryVariable = Extract<Dashboard['templating']['list'][number], { type: 'query' }>;

function queries(board: Dashboard): QueryVariable[] {
  return board.templating.list.filter((variable) => variable.type === 'query');
}

function broken(expression: string): string[] {
  try {
    parse(expression);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
