import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunClock, sleepUntil } from '../clock.ts';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import type { Journal } from '../journal.ts';
import type { EmbeddedMonitor } from '../monitor/embedded.ts';
import { burnRateRules, type ErrorBudget } from '../monitor/rules/burn-rate.ts';
import { RuleEngine } from '../monitor/rules/rule-engine.ts';
import { parseRuleFile, type RuleGroup } from '../monitor/rules/rule-file.ts';
import { RUN_FILES } from '../read-run.ts';
import type { Plan } from '../scenario/plan.ts';

/** Reads the rule file that `--rules` names. Throws StampedeError before anything is started. */
export function readRules(path: string): RuleGroup[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new StampedeError('monitor/rules', `Cannot read the rules: ${messageOf(error)}`, {
      exitCode: EXIT.usage,
      hint: "--rules takes a file in Prometheus' format",
      cause: error,
    });
  }
  return parseRuleFile(text, path);
}

/**
 * Runs the user's rules and the burn-rate rules of the promises once a second; every change of an alert is a journal
 * event. The generated rules are written into the run's directory.
 */
export function startRules(
  plan: Plan,
  given: readonly RuleGroup[],
  embedded: EmbeddedMonitor,
  { directory, clock, journal }: { directory: string; clock: RunClock; journal: Journal },
): { stop(): Promise<void> } {
  const generated = burnRateRules(budgetsOf(plan), plan.durationMs, SCRAPE_MS);
  writeFileSync(join(directory, RUN_FILES.rules), generated);
  const engine = new RuleEngine([...given, ...parseRuleFile(generated, RUN_FILES.rules)], embedded, embedded.write);
  const halt = new AbortController();
  const loop = async () => {
    while (!halt.signal.aborted) {
      const dueMs = clock.nowMs() + SCRAPE_MS;
      for (const change of await engine.evaluate(Math.floor(clock.epochOf(clock.nowMs())))) {
        journal.write({ kind: 'alert', ...change });
      }
      await sleepUntil(clock, dueMs, halt.signal).catch(() => {});
    }
  };
  const done = loop();
  return {
    async stop() {
      halt.abort();
      await done;
    },
  };
}

const SCRAPE_MS = 1_000;

/** Promises that allow a share of bad requests: an error rate, or a percentile, which allows the rest to be slower. */
export function budgetsOf(plan: Pick<Plan, 'objectives'>): ErrorBudget[] {
  return plan.objectives.flatMap((objective): ErrorBudget[] => {
    if (objective.source !== 'client' || !objective.op.startsWith('<')) return [];
    const { measure, of, limitValue } = objective;
    const name = objective.name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    const rate = (metric: string, matchers = '') =>
      `sum(rate(${metric}{name=${JSON.stringify(of)}${matchers}}[$window]))`;
    if (measure.kind === 'errors' && limitValue > 0) {
      const bad = rate('stampede_requests_total', ',ending!="ok"');
      return [{ name, allowed: limitValue, errorRatio: `${bad} / ${rate('stampede_requests_total')}` }];
    }
    if (measure.kind === 'quantile') {
      const fast = rate('stampede_request_duration_seconds_bucket', `,le="${limitValue / 1_000}"`);
      const all = rate('stampede_request_duration_seconds_count');
      return [{ name, allowed: Number((1 - measure.q).toPrecision(12)), errorRatio: `1 - ${fast} / ${all}` }];
    }
    return [];
  });
}
