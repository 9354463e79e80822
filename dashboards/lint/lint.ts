import type { Dashboard } from '../grafana-schema.ts';
import { boardRules } from './board-rules.ts';
import { panelRules } from './panel-rules.ts';
import type { LintRule } from './rule.ts';
import { targetRules } from './target-rules.ts';

/** The rules of Grafana's dashboard-linter, without those about Loki. */
export const lintRules: readonly LintRule[] = [...boardRules, ...panelRules, ...targetRules];

/** `rule: what is wrong` */
export function lint(board: Dashboard): string[] {
  return lintRules.flatMap(({ name, check }) => check(board).map((problem) => `${name}: ${problem}`));
}
