import type {
  FaultResult,
  ObjectiveCell,
  ObjectiveResult,
  Outcome,
  RequestSummary,
  ValidityCheck,
  Verdict,
  VerdictWindow,
} from '../harness/verdict/verdict.ts';
import { clock, count, delay, duration, exact, latency, limit, measured, NOTHING, percent, rate } from './format.ts';

/**
 * What terminal, HTML, Markdown and JUnit say in words. One place, so that all of them say the same. Nothing is escaped
 * here: each sink does that for itself.
 */

/** The signs of an outcome; never shown by colour alone. */
export const SIGN: Record<Outcome, string> = { passed: '✓', failed: '✗', inconclusive: '?' };

/** `slow-shard failed: checkout p99 was 612 ms during fault:latency, limit < 400 ms` - the run in one sentence. */
export function headline(verdict: Verdict): string {
  const first = verdict.causes[0];
  const what = `${verdict.run.scenario} ${verdict.outcome === 'inconclusive' ? 'is inconclusive' : verdict.outcome}`;
  if (verdict.outcome === 'passed') return `${what}: ${held(verdict)}`;
  return first === undefined ? what : `${what}: ${first}`;
}

/** `FAILED (exit 1)`, or what a pass means: `PASSED: 4 promises held in 3 windows, ...`. */
export function verdictTitle(verdict: Verdict): string {
  if (verdict.outcome === 'passed' && verdict.exitCode === 0) return `PASSED: ${held(verdict)}`;
  return `${verdict.outcome.toUpperCase()} (exit ${verdict.exitCode})`;
}

/** At most `most` causes, how the run ended if it did not complete, and how many causes are left out. */
export function causeLines(verdict: Verdict, most = 5): string[] {
  const end = endSentence(verdict);
  const lines = verdict.causes.slice(0, most);
  const more = verdict.causes.length - lines.length;
  if (more > 0) lines.push(`and ${count(more)} more in the report`);
  return end === null || isSaid(verdict) ? lines : [...lines, end];
}

/** How a run that did not complete ended; null for one that did. */
export function endSentence(verdict: Verdict): string | null {
  const { ended } = verdict;
  switch (ended.how) {
    case 'completed':
      return null;
    case 'stopped':
      return `stopped at ${clock(verdict.run.loadToMs)}: ${ended.reason}`;
    case 'interrupted':
      return `interrupted at ${clock(verdict.run.loadToMs)}: what came after was not tested`;
    case 'broken':
      return `the run broke: ${ended.reason}`;
    default:
      return ended satisfies never;
  }
}

/** What has to be read together with the name of the run: id, length, size, seed. */
export function contextParts(verdict: Verdict): string[] {
  const { run } = verdict;
  return [
    run.id,
    duration(run.durationMs),
    ...(run.peakUsers > 0 ? [`${count(run.peakUsers)} ${plural(run.peakUsers, 'user')}`] : []),
    `${count(run.agents)} ${plural(run.agents, 'agent')}`,
    `seed ${run.seed}`,
  ];
}

/** The limit as a table shows it beside the name: without the statistic when the name has it already. */
export function limitText(objective: Pick<ObjectiveResult, 'name' | 'limit' | 'op' | 'limitValue' | 'unit'>): string {
  const bare = limit(objective.op, objective.limitValue, objective.unit);
  const statistic = objective.limit.split(/[<>]/)[0]?.trim() ?? '';
  return statistic !== '' && !objective.name.includes(statistic) ? `${statistic} ${bare}` : bare;
}

/** A promise with its limit and no measured value, so that it names the same thing in every run. */
export function promiseTitle(objective: ObjectiveResult): string {
  return `${objective.name} ${limitText(objective)}`;
}

/** The value of a cell; `no data` when there was nothing to judge, a dash when the window does not apply. */
export function cellValue(objective: ObjectiveResult, cell: ObjectiveCell | undefined): string {
  if (cell === undefined) return NOTHING;
  if (cell.value === null) return 'no data';
  return measured(cell.value, objective.unit, objective.limitValue);
}

/** `612 ms, limit < 400 ms (n = 18,432)`, with what the judge noted. */
export function cellSentence(objective: ObjectiveResult, cell: ObjectiveCell): string {
  const bare = limit(objective.op, objective.limitValue, objective.unit);
  const note = cell.note === undefined ? '' : `: ${cell.note}`;
  if (cell.value === null) return `no data in ${cell.window}, limit ${bare}${note}`;
  return `${cellValue(objective, cell)}, limit ${bare} (n = ${count(cell.samples)})${note}`;
}

/** The cell of the window in which this objective came off worst: failed before inconclusive, then nearest to its limit. */
export function worstCell(objective: ObjectiveResult, windows: VerdictWindow[]): ObjectiveCell | undefined {
  const names = new Set(windows.map((window) => window.name));
  const cells = objective.cells.filter((cell) => names.has(cell.window));
  const higherIsWorse = objective.op === '<' || objective.op === '<=';
  return cells.toSorted((a, b) => {
    const byOutcome = SEVERITY[b.outcome] - SEVERITY[a.outcome];
    if (byOutcome !== 0 || a.value === null || b.value === null) return byOutcome;
    return higherIsWorse ? b.value - a.value : a.value - b.value;
  })[0];
}

/** When a fault began to act: when it was applied, else when that was asked for. */
export function injectedMs(fault: FaultResult): number {
  return fault.appliedMs ?? fault.requestedMs;
}

/** The columns of a faults table. Delays count from the injection, the recovery from the undo. */
export function faultTimes(fault: FaultResult): {
  injected: string;
  proven: string;
  detected: string;
  undone: string;
  recovered: string;
} {
  const from = injectedMs(fault);
  const undone = fault.undoneMs ?? fault.undoRequestedMs;
  return {
    injected: fault.appliedMs === undefined ? 'not applied' : clock(from),
    proven: fault.provenMs === undefined ? 'not proven' : delay(fault.provenMs - from),
    detected: fault.detectedMs === undefined ? 'unnoticed' : delay(fault.detectedMs - from),
    undone: fault.undoneMs === undefined ? 'not undone' : clock(fault.undoneMs),
    recovered: fault.recoveredMs === undefined || undone === undefined ? 'never' : delay(fault.recoveredMs - undone),
  };
}

/** What it hit, how, and what is left of it: the line under a fault. */
export function faultFacts(fault: FaultResult, residue: string[]): string[] {
  const facts = [fault.settings === '' ? fault.target : `${fault.target}, ${fault.settings}`];
  facts.push(`residue ${residueOf(fault, residue)}`);
  if (fault.budgetSpent !== undefined) facts.push(`budget spent ${percent(fault.budgetSpent)}`);
  return facts;
}

/** How much of a fault is still in place, as far as the residue names it. */
export function residueOf(fault: FaultResult, residue: string[]): number {
  return residue.filter((one) => one.includes(fault.name) || one.includes(fault.target)).length;
}

/** In one word or two: an empty list of checks of a generator that is not fit means that there was no load to check. */
export function generatorState({ validity }: Verdict): 'fit' | 'UNFIT' | 'never ran' {
  if (validity.fit) return 'fit';
  return validity.checks.length === 0 ? 'never ran' : 'UNFIT';
}

/** Two groups of facts about the generator, without adjectives. */
export function generatorFacts(verdict: Verdict): string[][] {
  const { validity } = verdict;
  return [
    [
      `${rate(validity.achievedPerSec)} of ${rate(validity.offeredPerSec)}`,
      `drops ${count(validity.drops)}`,
      `lateness p99 ${latency(validity.latenessP99Ms)}`,
      `loop lag p99 ${latency(validity.loopLagP99Ms)}`,
    ],
    [
      `CPU ${percent(validity.cpuMax)}`,
      `agents ${count(validity.agentsFinished)} of ${count(validity.agentsPlanned)}`,
      `scrape gaps ${count(validity.scrapeGaps)}`,
    ],
  ];
}

/** `lateness p99 48 ms, limit 5 ms`, then cause and cure. */
export function validitySentence(check: ValidityCheck): string {
  const facts = `${check.name} ${measured(check.value, check.unit, check.limit)}, limit ${exact(check.limit, check.unit)}`;
  return check.sentence === undefined ? facts : `${facts}: ${check.sentence}`;
}

/** `5xx 301 · timeout 4`, over all requests, the most frequent first. */
export function errorKinds(requests: RequestSummary[]): { kind: string; count: number }[] {
  const kinds = new Map<string, number>();
  for (const request of requests.filter(({ kind }) => kind === 'request'))
    for (const [kind, n] of Object.entries(request.errorKinds)) kinds.set(kind, (kinds.get(kind) ?? 0) + n);
  return [...kinds].map(([kind, n]) => ({ kind, count: n })).sort((a, b) => b.count - a.count);
}

/** The earliest error of all requests, as `POST /v1/orders 503 at 02:01.3`; null when there was none. */
export function firstError(requests: RequestSummary[]): string | null {
  const errors = requests.flatMap((request) => (request.firstError === undefined ? [] : [request.firstError]));
  const first = errors.toSorted((a, b) => a.tMs - b.tMs)[0];
  return first === undefined ? null : `${first.what} at ${clock(first.tMs)}`;
}

/** What to type next, with quotes where a shell needs them. */
export function nextCommands(verdict: Verdict, directory: string): { does: string; command: string }[] {
  return [
    { does: 'report', command: `${directory}/report.html` },
    { does: 'ask', command: `stampede query ${verdict.run.id} ${shellWord(questionOf(verdict))}` },
    { does: 'again', command: againCommand(verdict) },
  ];
}

/** The command that repeats this run with the same traffic. */
export function againCommand(verdict: Verdict): string {
  const { file, target, seed } = verdict.run;
  const parts = ['stampede run', shellWord(file), ...(target === undefined ? [] : [`--target ${target}`])];
  return [...parts, `--seed ${seed}`].join(' ');
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return n === 1 ? one : many;
}

/** Whether a cause has told already why the run ended. */
function isSaid({ ended, causes }: Verdict): boolean {
  return 'reason' in ended && causes.some((cause) => cause.includes(ended.reason));
}

/** What a pass means: `4 promises held in 3 windows, 2 invariants held, 1 fault proven and healed, generator fit`. */
function held(verdict: Verdict): string {
  const promises = verdict.objectives.length;
  const windows = new Set(verdict.objectives.flatMap((objective) => objective.cells.map((cell) => cell.window))).size;
  const invariants = verdict.invariants.length;
  const faults = verdict.faults.length;
  return [
    ...(promises > 0
      ? [`${promises} ${plural(promises, 'promise')} held in ${windows} ${plural(windows, 'window')}`]
      : []),
    ...(invariants > 0 ? [`${invariants} ${plural(invariants, 'invariant')} held`] : []),
    ...(faults > 0 ? [`${faults} ${plural(faults, 'fault')} proven and healed`] : []),
    'generator fit',
  ].join(', ');
}

/** An expression worth asking again: the judged one that fared worst, when it is short enough to read. */
function questionOf(verdict: Verdict): string {
  const asked = verdict.objectives.filter(
    (one) => one.source === 'promql' && one.of.length <= 60 && !one.of.includes('\n'),
  );
  return asked.toSorted((a, b) => SEVERITY[b.outcome] - SEVERITY[a.outcome])[0]?.of ?? 'up';
}

function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

const SEVERITY: Record<Outcome, number> = { passed: 0, inconclusive: 1, failed: 2 };
