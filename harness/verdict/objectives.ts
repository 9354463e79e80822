import type { ObjectivePlan } from '../scenario/plan.ts';
import { formatDuration, holds } from '../units.ts';
import type { Evidence } from './evidence.ts';
import type { ObjectiveCell, ObjectiveResult, Outcome, VerdictWindow } from './verdict.ts';
import { lengthMs, secondsOf } from './windows.ts';

/** Judges one objective in every window it applies to. */
export async function judgeObjective(
  plan: ObjectivePlan,
  windows: readonly VerdictWindow[],
  evidence: Evidence,
): Promise<ObjectiveResult> {
  const applies = windows.filter((window) =>
    plan.during.some((wanted) => wanted === window.kind || wanted === window.name),
  );
  const cells: ObjectiveCell[] = [];
  for (const window of applies) {
    // Two faults that follow one another closely leave no recovery in between: there is nothing to judge then.
    if (window.spans.length === 0 && window.kind === 'recovery') continue;
    cells.push(
      plan.source === 'client' ? clientCell(plan, window, evidence) : await promqlCell(plan, window, evidence),
    );
  }
  if (cells.length === 0) {
    const note = `none of its windows came to pass: ${plan.during.join(', ')}`;
    cells.push({ window: 'whole', outcome: 'inconclusive', value: null, samples: 0, note });
  }
  const budget = plan.source === 'client' ? budgetOf(plan, applies, evidence) : undefined;
  return {
    name: plan.name,
    limit: plan.limit,
    limitValue: plan.limitValue,
    op: plan.op,
    unit: plan.unit,
    source: plan.source,
    of: plan.source === 'client' ? plan.of : plan.expression,
    ...(plan.at === undefined ? {} : { at: plan.at }),
    outcome: worst(cells.map((cell) => cell.outcome)),
    cells,
    ...(budget === undefined ? {} : { budget }),
  };
}

/** Failed beats inconclusive beats passed; nothing at all is inconclusive. */
export function worst(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('failed')) return 'failed';
  return outcomes.length === 0 || outcomes.includes('inconclusive') ? 'inconclusive' : 'passed';
}

type ClientPlan = Extract<ObjectivePlan, { source: 'client' }>;
type PromqlPlan = Extract<ObjectivePlan, { source: 'promql' }>;

function clientCell(plan: ClientPlan, window: VerdictWindow, evidence: Evidence): ObjectiveCell {
  const seen = evidence.response(plan.of, secondsOf(window.spans));
  const none = (note: string): ObjectiveCell => ({
    window: window.name,
    outcome: 'inconclusive',
    value: null,
    samples: 0,
    note,
  });
  if (!evidence.counted.some(({ name }) => name === plan.of)) {
    const names = evidence.counted.map(({ name }) => name).join(', ');
    return none(`nothing was counted as '${plan.of}'; there was: ${names || 'nothing at all'}`);
  }
  if (seen.count === 0 && plan.measure.kind !== 'rate') return none('no samples in this window');
  const value = measured(plan, seen, lengthMs(window.spans));
  if (value === null) return none('the window has no whole second');
  const outcome = holds(value, plan.op, plan.limitValue) ? 'passed' : 'failed';
  return { window: window.name, outcome, value, samples: seen.count };
}

function measured(plan: ClientPlan, seen: ReturnType<Evidence['response']>, windowMs: number): number | null {
  switch (plan.measure.kind) {
    case 'quantile':
      return seen.quantile(plan.measure.q);
    case 'max':
      return seen.maxMs;
    case 'errors':
      return seen.errors / seen.count;
    case 'rate':
      return windowMs > 0 ? seen.count / (windowMs / 1_000) : null;
    default:
      return plan.measure satisfies never;
  }
}

/**
 * The limit must hold at every second of the window. The first seconds, as many as the expression reaches back, are left
 * out: what it says then is about the time before. With `$window` there is one evaluation, at the window's end.
 */
async function promqlCell(plan: PromqlPlan, window: VerdictWindow, evidence: Evidence): Promise<ObjectiveCell> {
  const none = (note: string): ObjectiveCell => ({
    window: window.name,
    outcome: 'inconclusive',
    value: null,
    samples: 0,
    note,
  });
  const wholeWindow = plan.expression.includes('$window');
  let expected = 0;
  const values: { tMs: number; value: number }[] = [];
  for (const span of window.spans) {
    const length = span.toMs - span.fromMs;
    const fromMs = wholeWindow ? span.toMs : span.fromMs + plan.rangeMs;
    if (fromMs > span.toMs) continue;
    const expression = plan.expression.replaceAll('$window', `${Math.round(length)}ms`);
    expected += (span.toMs - fromMs) / STEP_MS + 1;
    try {
      const series = await evidence.queryRange(expression, fromMs, span.toMs, STEP_MS);
      values.push(...series.flatMap((one) => one.samples).filter((sample) => !Number.isNaN(sample.value)));
    } catch (error) {
      return none(error instanceof Error ? error.message : String(error));
    }
  }
  if (expected === 0) {
    const longest = Math.max(0, ...window.spans.map((span) => span.toMs - span.fromMs));
    return none(
      `the window of ${formatDuration(longest)} is shorter than the ${formatDuration(plan.rangeMs)} the expression reaches back`,
    );
  }
  const seconds = new Set(values.map((sample) => sample.tMs)).size;
  if (seconds === 0) {
    const note = 'the monitor has no data for it in this window';
    if (plan.noData === undefined) return none(note);
    const outcome = plan.noData === 'pass' ? 'passed' : 'failed';
    return { ...none(`${note}, which counts as ${outcome}`), outcome };
  }
  if (seconds < expected * ENOUGH) return none(`the monitor has data for only ${seconds} of ${expected} seconds`);
  const broken = values.find((sample) => !holds(sample.value, plan.op, plan.limitValue));
  const worstSample = values.reduce((a, b) => (plan.op.startsWith('<') === b.value > a.value ? b : a));
  return {
    window: window.name,
    outcome: broken ? 'failed' : 'passed',
    value: worstSample.value,
    samples: values.length,
    ...(broken ? { note: `first broken at ${(broken.tMs / 1_000).toFixed(1)} s` } : {}),
  };
}

const STEP_MS = 1_000;
/** A scrape may fail now and then; with a fifth of the window unseen, nobody knows. */
const ENOUGH = 0.8;

/**
 * How much of what the objective allows was used up: errors, or requests above a percentile's limit, out of all requests
 * of the windows it is judged in.
 */
function budgetOf(plan: ClientPlan, applies: readonly VerdictWindow[], evidence: Evidence): ObjectiveResult['budget'] {
  const { measure } = plan;
  const allowedShare =
    measure.kind === 'errors' ? plan.limitValue : measure.kind === 'quantile' ? 1 - measure.q : undefined;
  if (allowedShare === undefined || !plan.op.startsWith('<')) return undefined;
  const bad = (windows: readonly VerdictWindow[]) => {
    const seen = evidence.response(plan.of, secondsOf(windows.flatMap((window) => window.spans)));
    return { count: seen.count, bad: measure.kind === 'errors' ? seen.errors : seen.countAbove(plan.limitValue) };
  };
  // `whole` holds all the others.
  const whole = applies.filter((window) => window.kind === 'whole');
  const judged = bad(whole.length > 0 ? whole : applies);
  const allowed = allowedShare * judged.count;
  if (allowed === 0) return undefined;
  const faults = applies.filter((window) => window.kind === 'fault');
  const byFault = faults.map((window) => [window.name.slice('fault:'.length), bad([window]).bad / allowed]);
  return { spent: judged.bad / allowed, byFault: Object.fromEntries(byFault) };
}
