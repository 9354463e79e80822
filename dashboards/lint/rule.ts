import type { Dashboard } from '../grafana-schema.ts';

/** A rule of Grafana's dashboard-linter, by its name there. */
export interface LintRule {
  name: string;
  /** A sentence for each thing that is wrong. */
  check(board: Dashboard): string[];
}
