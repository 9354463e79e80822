import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '../harness/monitor/promql/parser.ts';
import { parseRuleFile } from '../harness/monitor/rules/rule-file.ts';
import { allBoards } from './boards/all-boards.ts';
import { nameOf, nodes, parseTarget } from './lint/expressions.ts';

/** The names of all metrics that a board, a variable of one, or a rule asks for. */
export function askedMetrics(): Set<string> {
  const panels = allBoards.flatMap(({ rows }) => rows).flatMap(({ panels }) => panels);
  const folder = join(import.meta.dirname, 'prometheus/rules');
  const rules = readdirSync(folder)
    .flatMap((name) => parseRuleFile(readFileSync(join(folder, name), 'utf8'), name))
    .flatMap((group) => group.rules);
  const variables = allBoards.flatMap((board) => board.variables);
  const trees = [
    ...variables.map(({ query }) => parseTarget(/^label_values\((.+), \w+\)$/.exec(query)?.[1] ?? 'up')),
    ...panels.flatMap(({ queries }) => queries.map(({ expr }) => parseTarget(expr))),
    ...rules.map(({ expr }) => parse(expr)),
  ];
  const names = trees.flatMap((tree) =>
    [...nodes(tree)].map(({ node }) => (node.kind === 'selector' ? nameOf(node) : '')),
  );
  return new Set(names.filter((name) => name !== ''));
}
