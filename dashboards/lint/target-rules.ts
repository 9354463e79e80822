import type { Expr } from '../../harness/monitor/promql/ast.ts';
import { panelsOf } from '../grafana-schema.ts';
import { isRateInterval, nameOf, nodes, parseTarget } from './expressions.ts';
import type { LintRule } from './rule.ts';

export const targetRules: readonly LintRule[] = [
  {
    name: 'target-promql-rule',
    check: (board) =>
      targets(board).flatMap(({ title, expr }) => {
        try {
          parseTarget(expr);
          return [];
        } catch (error) {
          return [`'${title}': ${error instanceof Error ? error.message : String(error)}`];
        }
      }),
  },
  treeRule('target-rate-interval-rule', ({ node }) => {
    if (node.kind !== 'call' || !COUNTING.has(node.name)) return undefined;
    const [range] = node.args;
    return range?.kind === 'range' && isRateInterval(range) ? undefined : `${node.name}() is not over $__rate_interval`;
  }),
  matcherRule('target-job-rule', 'job'),
  matcherRule('target-instance-rule', 'instance'),
  treeRule('target-counter-agg-rule', ({ node, parents }) => {
    if (node.kind !== 'selector' || !/_(total|bucket)$/.test(nameOf(node))) return undefined;
    const isRated = parents.some((parent) => parent.kind === 'call' && COUNTING.has(parent.name));
    const isAggregated = parents.some((parent) => parent.kind === 'aggregation');
    return isAggregated && !isRated ? `${nameOf(node)} is a counter and is added up without rate()` : undefined;
  }),
];

const COUNTING: ReadonlySet<string> = new Set(['rate', 'irate', 'increase']);

function matcherRule(name: string, label: string): LintRule {
  return treeRule(name, ({ node }) => {
    if (node.kind !== 'selector') return undefined;
    const has = node.matchers.some((matcher) => {
      return matcher.name === label && matcher.op === '=~' && matcher.value === `$${label}`;
    });
    return has ? undefined : `${nameOf(node)} does not ask for ${label}=~"$${label}"`;
  });
}

/** A rule about each node of each expression; what cannot be parsed is another rule's business. */
function treeRule(
  name: string,
  check: (where: { node: Expr; parents: readonly Expr[] }) => string | undefined,
): LintRule {
  return {
    name,
    check: (board) =>
      targets(board).flatMap(({ title, expr }) => {
        const tree = parsed(expr);
        if (tree === undefined) return [];
        const problems = [...nodes(tree)].map(check).filter((problem) => problem !== undefined);
        return problems.map((problem) => `'${title}': ${problem}`);
      }),
  };
}

function parsed(expr: string): Expr | undefined {
  try {
    return parseTarget(expr);
  } catch {
    return undefined;
  }
}

function targets(board: Parameters<LintRule['check']>[0]): { title: string; expr: string }[] {
  return panelsOf(board).flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
}
