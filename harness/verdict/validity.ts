import type { GeneratorEvent, JournalLine } from '../journal.ts';
import { type Plan, peakUsers } from '../scenario/plan.ts';
import type { Evidence } from './evidence.ts';
import type { FaultResult, Validity, ValidityCheck } from './verdict.ts';

/**
 * Whether the harness was up to its own plan. Where it was not, the numbers are about the harness and not about the
 * system: the run is inconclusive, and each check says the cause and the cure.
 */
export function judgeValidity(evidence: Evidence, faults: readonly FaultResult[], loadMs: number): Validity {
  const { plan, events, lateness } = evidence;
  const health = events.filter((event) => event.kind === 'generator');
  const last = lastPerAgent(health);
  const dropped = sum(last.map((event) => event.dropped));
  const sent = sum(evidence.requestNames.map((name) => evidence.response(name, allSeconds(events)).count));
  const offered = sent + dropped;
  const tooLate = lateness.countAbove(TOO_LATE_MS);
  const kept = offered === 0 ? null : 1 - (dropped + tooLate) / offered;
  const latenessP99Ms = lateness.quantile(0.99);
  const cpus = last.map(({ agent }) =>
    percentile(
      health.filter((event) => event.agent === agent).map((event) => event.cpu),
      0.9,
    ),
  );
  const busiest = cpus.indexOf(Math.max(...cpus));
  const cpuMax = cpus[busiest] ?? null;
  const finished = events.filter((event) => event.kind === 'agent done').length;
  const lost = events.filter((event) => event.kind === 'agent lost');
  const lostLoad = lostShare(lost, loadMs);
  const reached = peakReached(events, plan);
  const planned = peakPlanned(events, plan);
  const scrapes = events.findLast((event) => event.kind === 'scrapes');
  const gaps = events.filter((event) => event.kind === 'scrape gap').filter((gap) => !expectedGap(gap, faults, lost));
  const gapShare = scrapes === undefined || scrapes.done === 0 ? null : gaps.length / scrapes.done;
  const lags = health.map((event) => event.loopLagP99Ms);
  const loopLagP99Ms = lags.length === 0 ? null : percentile(lags, 0.99);
  const longestPause = health.reduce((longest, event) => Math.max(longest, event.gcMaxMs), 0);
  const limits = plan.validity;

  const checks: ValidityCheck[] = [
    check('rate kept', kept, kept !== null && kept >= limits.rateKept, limits.rateKept, 'ratio', () =>
      kept === null
        ? 'Not a single request was sent.'
        : `${count(dropped)} starts were dropped and ${count(tooLate)} were more than ${TOO_LATE_MS / 1_000} s late, of ${count(offered)}. Use more agents, or raise maxInFlight if the machine can carry it.`,
    ),
    check(
      'lateness p99',
      latenessP99Ms,
      (latenessP99Ms ?? 0) <= limits.latenessP99Ms,
      limits.latenessP99Ms,
      'ms',
      () =>
        `Requests left ${Math.round(latenessP99Ms ?? 0)} ms after they were due (p99): the machine is too busy for this load. Use fewer users, longer think times, or a machine of its own for the target.`,
    ),
    check(
      'CPU of the busiest agent',
      cpuMax,
      (cpuMax ?? 0) <= limits.cpu,
      limits.cpu,
      'ratio',
      () =>
        `Agent ${last[busiest]?.agent} was at ${Math.round((cpuMax ?? 0) * 100)} % of a core: add agents or lengthen think times.`,
    ),
    check(
      'event-loop lag p99',
      loopLagP99Ms,
      (loopLagP99Ms ?? 0) <= limits.loopLagP99Ms,
      limits.loopLagP99Ms,
      'ms',
      () =>
        `The agents' event loops were held up for ${Math.round(loopLagP99Ms ?? 0)} ms (p99 of all seconds; longest pause for garbage ${Math.round(longestPause)} ms): use more agents, fewer users, or do less between requests.`,
    ),
    check(
      'drops',
      dropped,
      dropped === 0,
      0,
      'number',
      () =>
        `${count(dropped)} arrivals found maxInFlight iterations still under way and were dropped. Raise maxInFlight, or take it as the system's limit.`,
    ),
    check(
      'agents',
      finished,
      finished > 0 && finished + lost.length === plan.agents,
      plan.agents,
      'number',
      () => `${finished} of ${plan.agents} agents reported to the end.`,
    ),
    check(
      'load lost with agents',
      lostLoad,
      lostLoad <= limits.lostLoad,
      limits.lostLoad,
      'ratio',
      () =>
        `Lost: ${lost.map((event) => `agent ${event.agent} (${event.reason})`).join(', ')}. ${percent(lostLoad)} of the load is missing or unreported.`,
    ),
    check('scrapes', gapShare, gapShare !== null && gapShare <= limits.scrapeGaps, limits.scrapeGaps, 'ratio', () =>
      gapShare === null
        ? 'Nothing was scraped.'
        : `${count(gaps.length)} of ${count(scrapes?.done ?? 0)} scrapes failed, first ${gaps[0]?.url} (${gaps[0]?.reason}).`,
    ),
  ];
  if (planned > 0) {
    checks.push(
      check(
        'users reached',
        reached,
        reached >= planned * 0.99,
        planned,
        'number',
        () => `${count(reached)} of ${count(planned)} users were active at once: the plan was not reached.`,
      ),
    );
  }
  return {
    fit: checks.every((each) => each.ok),
    checks,
    offeredPerSec: offered / Math.max(1, loadMs / 1_000),
    achievedPerSec: sent / Math.max(1, loadMs / 1_000),
    drops: dropped,
    latenessP99Ms,
    loopLagP99Ms,
    cpuMax,
    agentsPlanned: plan.agents,
    agentsFinished: finished,
    scrapeGaps: gaps.length,
  };
}

/** A start this late is not the start that was asked for. */
const TOO_LATE_MS = 1_000;

/** A process that was killed on purpose cannot be scraped, nor can it until it is ready again; nor can a lost agent. */
function expectedGap(
  gap: Extract<JournalLine, { kind: 'scrape gap' }>,
  faults: readonly FaultResult[],
  lost: readonly Extract<JournalLine, { kind: 'agent lost' }>[],
): boolean {
  if (lost.some(({ agent, seenMs }) => gap.node === `agent ${agent}` && gap.tMs >= seenMs)) return true;
  return faults.some(
    (fault) =>
      fault.target === gap.node &&
      fault.appliedMs !== undefined &&
      gap.tMs >= fault.appliedMs &&
      gap.tMs <= (fault.cleanMs ?? Number.POSITIVE_INFINITY) + 2_000,
  );
}

export function lastPerAgent(
  health: readonly (GeneratorEvent & { tMs: number })[],
): (GeneratorEvent & { tMs: number })[] {
  const byAgent = new Map<number, GeneratorEvent & { tMs: number }>();
  for (const event of health) byAgent.set(event.agent, event);
  return [...byAgent.values()];
}

/**
 * Which part of the load was lost with agents: from the last that was heard of each until its users were back, who come
 * one after the other, weighed by the part of all users it had. Those of one that nobody took over are missing to the end.
 */
function lostShare(lost: readonly Extract<JournalLine, { kind: 'agent lost' }>[], loadMs: number): number {
  const share = sum(
    lost.map(({ part, seenMs, tMs, handedTo, comingMs }) =>
      handedTo.length === 0 ? part : (part * (tMs - seenMs + comingMs / 2)) / Math.max(1, loadMs),
    ),
  );
  return Math.min(1, share);
}

/** The most users of the plan, or of what it was changed to as it ran. */
function peakPlanned(events: readonly JournalLine[], plan: Plan): number {
  const changed = events.flatMap((event) => (event.kind === 'load adjusted' ? [event.curves] : []));
  if (changed.length === 0) return peakUsers(plan);
  const groups = plan.loads.filter((load) => load.model === 'users');
  const endMs = events.findLast((event) => event.kind === 'load ended')?.tMs ?? 0;
  const startMs = events.find((event) => event.kind === 'load started')?.atMs ?? 0;
  const last = changed.at(-1) ?? {};
  // What lies beyond the end was never asked for.
  return sum(
    groups.map(({ name }) => {
      const curve = last[name] ?? [];
      const until = curve.filter((point) => point.tMs <= endMs - startMs).map((point) => point.value);
      return Math.max(0, ...until);
    }),
  );
}

/** Most users of the closed model active at once, added over the agents: their snapshots are a second apart at most. */
export function peakReached(events: readonly JournalLine[], plan: Plan): number {
  const groups = plan.loads.filter((load) => load.model === 'users').map((load) => load.name);
  const now = new Map<number, number>();
  let peak = 0;
  for (const event of events) {
    if (event.kind === 'agent lost') now.delete(event.agent);
    if (event.kind !== 'generator') continue;
    now.set(event.agent, sum(groups.map((name) => event.active[name] ?? 0)));
    peak = Math.max(peak, sum([...now.values()]));
  }
  return peak;
}

export function allSeconds(events: readonly JournalLine[]): number[] {
  const from = events.find((event) => event.kind === 'load started')?.atMs ?? 0;
  const to = events.findLast((event) => event.kind === 'load ended')?.tMs ?? from;
  const first = Math.floor(from / 1_000);
  return Array.from({ length: Math.max(0, Math.ceil(to / 1_000) - first) }, (_, index) => first + index);
}

function check(
  name: string,
  value: number | null,
  ok: boolean,
  limit: number,
  unit: ValidityCheck['unit'],
  sentence: () => string,
): ValidityCheck {
  return { name, ok, value, limit, unit, ...(ok ? {} : { sentence: sentence() }) };
}

function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
