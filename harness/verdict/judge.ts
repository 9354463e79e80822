import type { JournalLine } from '../journal.ts';
import type { Evidence } from './evidence.ts';
import { faultLives } from './fault-lives.ts';
import { judgeObjective, worst } from './objectives.ts';
import { noticed, recovered } from './recovery.ts';
import { allSeconds, judgeValidity, lastPerAgent, peakReached } from './validity.ts';
import type { FaultResult, InvariantResult, ObjectiveResult, RequestSummary, Unit, Verdict } from './verdict.ts';
import { cutWindows } from './windows.ts';

/** The verdict on a run, from its evidence alone. The same evidence always gives the same verdict. */
export async function judge(evidence: Evidence): Promise<Verdict> {
  const { plan, events } = evidence;
  const started = events.find((event) => event.kind === 'run started');
  if (!started) throw new Error("the journal has no 'run started' event");
  const loadFromMs = events.find((event) => event.kind === 'load started')?.atMs ?? 0;
  const loadEnded = events.findLast((event) => event.kind === 'load ended');
  const loadToMs = Math.max(loadFromMs, Math.min(loadEnded?.tMs ?? loadFromMs, loadFromMs + plan.durationMs));

  const faults = faultLives(plan.faults, events);
  const calmToMs = Math.min(loadToMs, ...faults.map((fault) => fault.appliedMs ?? Number.POSITIVE_INFINITY));
  const calm = { fromMs: ceilSecond(loadFromMs + plan.warmUpMs), toMs: floorSecond(calmToMs) };
  const watched = [
    ...new Set(plan.objectives.flatMap((objective) => (objective.source === 'client' ? [objective.of] : []))),
  ];
  for (const fault of faults) {
    const notice = noticed(fault, plan.objectives, evidence);
    if (notice) Object.assign(fault, { detectedMs: notice.tMs, detectedBy: notice.by });
    const again = recovered(fault, calm, loadToMs, watched, evidence);
    if (again !== undefined) fault.recoveredMs = Math.max(again, fault.cleanMs ?? 0);
  }
  const windows = cutWindows({
    loadFromMs,
    loadToMs,
    warmUpMs: plan.warmUpMs,
    recoveryMs: plan.recoveryMs,
    faults,
    recoveredMs: (name) => faults.find((fault) => fault.name === name)?.recoveredMs,
  });

  const objectives: ObjectiveResult[] = [];
  for (const objective of plan.objectives) objectives.push(await judgeObjective(objective, windows, evidence));
  for (const fault of faults) {
    const spent = objectives.flatMap((objective) => objective.budget?.byFault[fault.name] ?? []);
    if (spent.length > 0) fault.budgetSpent = Math.max(...spent);
  }

  const invariants = judgeInvariants(plan.invariants, events);
  const validity = judgeValidity(evidence, faults, loadToMs - loadFromMs);
  const residue = events.findLast((event) => event.kind === 'residue')?.found ?? [
    'nobody looked: the run ended before the scan',
  ];
  const ended = howItEnded(loadEnded);
  const causes = causesOf({ objectives, faults, invariants, residue, validity, ended });
  const outcome = worst([
    ...objectives.map((objective) => objective.outcome),
    ...faults.map((fault) => fault.outcome),
    ...invariants.map((invariant) => invariant.outcome),
    residue.length > 0 ? 'failed' : 'passed',
    validity.fit && ended.how === 'completed' ? 'passed' : 'inconclusive',
  ]);
  const health = events.filter((event) => event.kind === 'generator');
  const last = lastPerAgent(health);
  return {
    version: 1,
    run: {
      id: started.id,
      scenario: plan.name,
      file: plan.file,
      ...(plan.question === undefined ? {} : { question: plan.question }),
      startedAt: started.startedAt,
      durationMs: events.at(-1)?.tMs ?? 0,
      loadFromMs,
      loadToMs,
      ...(plan.target.kind === 'compose' ? { target: 'compose' as const } : {}),
      seed: plan.seed,
      agents: plan.agents,
      peakUsers: peakReached(events, plan),
      iterations: last.reduce((sum, event) => sum + event.iterations, 0),
      failedIterations: last.reduce((sum, event) => sum + event.failedIterations, 0),
      command: started.command,
      versions: started.versions,
    },
    outcome,
    exitCode: exitCodeOf(outcome, ended),
    ended,
    causes,
    windows,
    objectives,
    faults,
    invariants,
    validity,
    requests: evidence.counted.map((counted) => summarise(counted, evidence, loadToMs - loadFromMs)),
    residue,
    warnings: events.flatMap((event) => (event.kind === 'warning' ? [event.text] : [])),
  };
}

function howItEnded(loadEnded: Extract<JournalLine, { kind: 'load ended' }> | undefined): Verdict['ended'] {
  if (!loadEnded) return { how: 'broken', reason: 'the load never ended: the harness was killed, or failed' };
  switch (loadEnded.reason) {
    case 'completed':
    case 'interrupted':
      return { how: loadEnded.reason };
    case 'stopped':
    case 'broken':
      return { how: loadEnded.reason, reason: loadEnded.why };
    default:
      return loadEnded.reason satisfies never;
  }
}

function exitCodeOf(outcome: Verdict['outcome'], ended: Verdict['ended']): number {
  switch (ended.how) {
    case 'interrupted':
      return 130;
    case 'stopped':
      return 5;
    case 'broken':
      return 4;
    case 'completed':
      return outcome === 'passed' ? 0 : outcome === 'failed' ? 1 : 3;
    default:
      return ended satisfies never;
  }
}

function judgeInvariants(names: readonly string[], events: readonly JournalLine[]): InvariantResult[] {
  return names.map((name) => {
    const seen = events.filter((event) => event.kind === 'invariant').findLast((event) => event.name === name);
    if (!seen)
      return {
        name,
        outcome: 'inconclusive',
        sentence: 'it was not checked: the run ended before',
        counts: {},
        examples: [],
      };
    const { outcome, sentence, counts, examples } = seen;
    return { name, outcome, sentence, counts, examples };
  });
}

function summarise({ kind, name }: Evidence['counted'][number], evidence: Evidence, loadMs: number): RequestSummary {
  const seconds = allSeconds(evidence.events);
  const seen = evidence.response(name, seconds);
  const first = evidence.events
    .filter((event) => event.kind === 'trouble')
    .filter((event) => event.what.startsWith(`${name}: `))
    .sort((a, b) => a.firstMs - b.firstMs)[0];
  // A check takes no time.
  const quantile = (q: number) => (kind === 'check' ? null : seen.quantile(q));
  return {
    kind,
    name: kind === 'check' || kind === 'group' ? `${kind}: ${name}` : name,
    count: seen.count,
    perSec: seen.count / Math.max(1, loadMs / 1_000),
    p50Ms: quantile(0.5),
    p90Ms: quantile(0.9),
    p99Ms: quantile(0.99),
    p999Ms: quantile(0.999),
    maxMs: kind === 'check' || seen.count === 0 ? null : seen.maxMs,
    serviceP99Ms: kind === 'check' ? null : evidence.service(name, seconds).quantile(0.99),
    errors: seen.errors,
    errorRatio: seen.count === 0 ? 0 : seen.errors / seen.count,
    errorKinds: seen.errorKinds,
    ...(first === undefined ? {} : { firstError: { tMs: first.firstMs, what: first.what.slice(name.length + 2) } }),
  };
}

function causesOf(
  parts: Pick<Verdict, 'objectives' | 'faults' | 'invariants' | 'residue' | 'validity' | 'ended'>,
): string[] {
  const failed: string[] = [];
  const inconclusive: string[] = [];
  if (parts.ended.how === 'interrupted') inconclusive.push('The run was interrupted before its end.');
  else if (parts.ended.how !== 'completed') inconclusive.push(parts.ended.reason);
  for (const check of parts.validity.checks)
    if (check.sentence !== undefined) inconclusive.push(`The generator was unfit: ${check.sentence}`);
  for (const objective of parts.objectives) {
    for (const cell of objective.cells) {
      const where = cell.window === 'whole' ? 'over the whole run' : `during ${cell.window}`;
      if (cell.outcome === 'failed' && cell.value !== null) {
        const samples = `n = ${cell.samples.toLocaleString('en-US')}`;
        failed.push(
          `${objective.name} was ${show(cell.value, objective.unit)} ${where}, limit ${objective.limit} (${samples})`,
        );
      } else if (cell.outcome === 'inconclusive') {
        inconclusive.push(`${objective.name}, ${where}: ${cell.note ?? 'no data'}`);
      }
    }
  }
  for (const fault of parts.faults) causeOf(fault, fault.outcome === 'failed' ? failed : inconclusive);
  for (const invariant of parts.invariants) {
    if (invariant.outcome !== 'passed') {
      (invariant.outcome === 'failed' ? failed : inconclusive).push(`${invariant.name}: ${invariant.sentence}`);
    }
  }
  for (const left of parts.residue) failed.push(`left behind: ${left}`);
  return [...failed, ...inconclusive];
}

function causeOf(fault: FaultResult, into: string[]): void {
  if (fault.outcome !== 'passed') into.push(`fault ${fault.name} on ${fault.target}: ${fault.note ?? 'not proven'}`);
}

function show(value: number, unit: Unit): string {
  switch (unit) {
    case 'ms':
      return value >= 1_000 ? `${(value / 1_000).toFixed(2)} s` : `${Number(value.toPrecision(3))} ms`;
    case 'ratio':
      return `${Number((value * 100).toPrecision(3))} %`;
    case 'per second':
      return `${Number(value.toPrecision(4))}/s`;
    case 'number':
      return `${Number(value.toPrecision(4))}`;
    default:
      return unit satisfies never;
  }
}

function floorSecond(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

function ceilSecond(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}
