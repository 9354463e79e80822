import { parse, stringify } from 'yaml';
import { parsePromDuration } from '../../harness/monitor/promql/duration.ts';
import { burnRateRules, type ErrorBudget } from '../../harness/monitor/rules/burn-rate.ts';

/** What the shop owes to everybody, whatever scenario runs: as seen at its entry. */
const BUDGETS: ErrorBudget[] = [
  {
    name: 'answers',
    allowed: 0.01,
    errorRatio:
      '(sum(rate(http_server_requests_total{service="gateway",code=~"5.."}[$window])) or vector(0)) / sum(rate(http_server_requests_total{service="gateway"}[$window]))',
  },
  {
    name: 'quick-answers',
    allowed: 0.05,
    errorRatio:
      '1 - sum(rate(http_server_request_duration_seconds_bucket{service="gateway",le="0.5"}[$window])) / sum(rate(http_server_request_duration_seconds_count{service="gateway"}[$window]))',
  },
];

/** The budget of a day: windows from ten seconds to some hours, as a game day needs them. */
const DAY_MS = 86_400_000;
const SCRAPE_MS = 1_000;

/** Whoever looks back over minutes need not do so every second: each look reads all that was scraped meanwhile. */
const LONG_WINDOW_MS = 240_000;
const LONG_INTERVAL = '15s';

/** `rules/slo-burn.yml`: the rules that a run makes of its promises, for the standing promises of the shop. */
export function sloBurnRules(): string {
  const file: RuleFile = parse(burnRateRules(BUDGETS, DAY_MS, SCRAPE_MS));
  for (const { rules } of file.groups) {
    for (const { annotations } of rules) {
      if (annotations === undefined) continue;
      annotations.description = 'The error budget of a day is spent too fast, over a long window and over a short one.';
      annotations.runbook_url = 'docs/alerts.md#budgetburns';
    }
  }
  const groups = file.groups.flatMap(({ name, rules }) => [
    { name: `${name}-long`, interval: LONG_INTERVAL, rules: rules.filter(isLong) },
    { name, rules: rules.filter((rule) => !isLong(rule)) },
  ]);
  return `# Made by dashboards/prometheus/slo-burn.ts\n${stringify({ groups }, { lineWidth: 0 })}`;
}

function isLong({ record = '' }: Rule): boolean {
  const window = /:rate(\w+)$/.exec(record)?.[1];
  return window !== undefined && (parsePromDuration(window) ?? 0) >= LONG_WINDOW_MS;
}

interface RuleFile {
  groups: { name: string; rules: Rule[] }[];
}

interface Rule {
  record?: string;
  annotations?: Record<string, string>;
}
