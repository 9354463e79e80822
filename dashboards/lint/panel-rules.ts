import { type DashboardPanel, panelsOf } from '../grafana-schema.ts';
import type { LintRule } from './rule.ts';

export const panelRules: readonly LintRule[] = [
  panelRule('panel-datasource-rule', ({ datasource }) =>
    datasource.uid === '$datasource' ? undefined : `reads from ${datasource.uid}, not from $datasource`,
  ),
  panelRule('panel-title-description-rule', ({ title, description = '' }) =>
    title.trim() === '' || description.trim() === '' ? 'has no title, or no description' : undefined,
  ),
  panelRule('panel-units-rule', ({ fieldConfig: { defaults } }) => {
    if (!UNITS.has(defaults.unit)) return `has the unit ${defaults.unit}, which Grafana does not know`;
    // A state in words needs none; a bare number does.
    const isBare = defaults.unit === 'none' && defaults.mappings === undefined;
    return isBare ? 'has no unit' : undefined;
  }),
  panelRule('panel-no-targets-rule', ({ targets }) => (targets.length === 0 ? 'asks for nothing' : undefined)),
];

/** Those that the boards use, of Grafana's. */
const UNITS: ReadonlySet<string> = new Set(['reqps', 'ops', 'short', 's', 'percentunit', 'bytes', 'Bps', 'none']);

function panelRule(name: string, check: (panel: DashboardPanel) => string | undefined): LintRule {
  return {
    name,
    check: (board) =>
      panelsOf(board).flatMap((panel) => {
        const problem = check(panel);
        return problem === undefined ? [] : [`'${panel.title}' ${problem}`];
      }),
  };
}
