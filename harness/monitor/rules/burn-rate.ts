import { stringify } from 'yaml';
import { formatPromDuration } from '../promql/duration.ts';

/** A promise as a share of bad events, for which burn-rate rules are made. */
export interface ErrorBudget {
  /** Lower-case letters, digits and dashes. */
  name: string;
  /** The share of bad events; `$window` stands for the range. */
  errorRatio: string;
  /** The share that is allowed, 0.01 for 99 %. */
  allowed: number;
}

/** Long and short window, how many times too fast the budget burns, and who must know: chapter 5 of the SRE workbook. */
const TIERS = [
  { longMs: 3_600_000, shortMs: 300_000, factor: 14.4, severity: 'page' },
  { longMs: 6 * 3_600_000, shortMs: 1_800_000, factor: 6, severity: 'page' },
  { longMs: 86_400_000, shortMs: 7_200_000, factor: 3, severity: 'ticket' },
  { longMs: 3 * 86_400_000, shortMs: 6 * 3_600_000, factor: 1, severity: 'ticket' },
] as const;
const PERIOD_MS = 30 * 86_400_000;

/**
 * Multi-window, multi-burn-rate rules in Prometheus' file format. The windows of a 30-day objective are scaled to the
 * run's length; none is shorter than 5 s or four scrapes, and where that makes two tiers of a severity alike, one stays.
 */
export function burnRateRules(budgets: readonly ErrorBudget[], runMs: number, scrapeMs: number): string {
  const tiers = scaledTiers(runMs, scrapeMs);
  const windows = [...new Set(tiers.flatMap(({ longMs, shortMs }) => [shortMs, longMs]))].sort((a, b) => a - b);
  // One group a promise: the rules of a group run one after the other, groups run side by side.
  const groups = budgets.map(({ name, errorRatio, allowed }) => {
    const recordings = windows.map((ms) => ({
      record: recordName(ms),
      expr: errorRatio.replaceAll('$window', formatPromDuration(ms)),
      labels: { slo: name },
    }));
    const alerts = tiers.map(({ longMs, shortMs, factor, severity }) => {
      const limit = Number((factor * allowed).toPrecision(12));
      const tooFast = (ms: number) => `${recordName(ms)}{slo="${name}"} > ${limit}`;
      const bad = `{{ $value | humanizePercentage }} bad in ${formatPromDuration(longMs)}`;
      return {
        alert: 'BudgetBurns',
        expr: `${tooFast(longMs)} and ${tooFast(shortMs)}`,
        labels: { slo: name, severity, long: formatPromDuration(longMs) },
        annotations: { summary: `${name}: ${bad}, ${factor} times what the budget bears` },
      };
    });
    return { name: `${name}-burn-rate`, rules: [...recordings, ...alerts] };
  });
  return stringify({ groups }, { lineWidth: 0 });
}

function scaledTiers(runMs: number, scrapeMs: number) {
  const floorMs = Math.max(5_000, 4 * scrapeMs);
  const scale = Math.min(1, runMs / PERIOD_MS);
  const scaled = TIERS.map((tier) => {
    const shortMs = whole(Math.max(tier.shortMs * scale, floorMs));
    // A long window that is as short as the short one would tell nothing more.
    const longMs = whole(Math.max(tier.longMs * scale, 4 * shortMs));
    return { ...tier, shortMs, longMs };
  });
  return scaled.filter(
    (tier, index) =>
      scaled.findIndex(({ longMs, severity }) => longMs === tier.longMs && severity === tier.severity) === index,
  );
}

/** Whole seconds: shorter is not scraped. */
function whole(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}

function recordName(ms: number): string {
  return `slo:error_ratio:rate${formatPromDuration(ms)}`;
}
