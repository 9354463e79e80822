import type { FaultResult, ObjectiveResult, Outcome, Verdict, VerdictWindow } from '../harness/verdict/verdict.ts';
import { xml } from './escape.ts';
import { clock, count, exact, measured } from './format.ts';
import { cellSentence, endSentence, promiseTitle, validitySentence } from './sentences.ts';

/**
 * The verdict as JUnit XML: a suite for each window with a case for each promise, and suites for faults, invariants,
 * validity and the run itself. Failed is `failure`, inconclusive is `error`, so neither is ever green. Names carry
 * limits but no measured values, ids or times: CI servers use them to tell the same test in another run. Counts add up
 * on every level, because readers trust the attributes.
 */
export function renderJunit(verdict: Verdict): string {
  const suites = suitesOf(verdict).filter((suite) => suite.cases.length > 0);
  const total = counts(suites.flatMap((suite) => suite.cases));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="stampede"${attributes({ ...total, time: seconds(verdict.run.durationMs) })}>`,
    ...suites.flatMap((suite) => suiteLines(suite, verdict)),
    '</testsuites>',
    '',
  ].join('\n');
}

interface Suite {
  name: string;
  durationMs: number;
  cases: Case[];
}

interface Case {
  name: string;
  durationMs: number;
  /** `file:line:column` of where it was promised. */
  at?: string;
  result: Result;
  /** Facts for whoever opens the case. */
  out: string[];
}

type Result =
  | { kind: 'passed' }
  | { kind: 'failure'; type: string; sentence: string; more: string[] }
  | { kind: 'error'; type: string; sentence: string; more: string[] }
  | { kind: 'skipped'; sentence: string };

function suitesOf(verdict: Verdict): Suite[] {
  return [
    runSuite(verdict),
    ...verdict.windows.map((window) => windowSuite(verdict, window)),
    { name: 'faults', durationMs: 0, cases: verdict.faults.flatMap((fault) => faultCases(fault)) },
    { name: 'invariants', durationMs: 0, cases: verdict.invariants.map((one) => invariantCase(one)) },
    { name: 'validity', durationMs: 0, cases: verdict.validity.checks.map((check) => validityCase(check)) },
    { name: 'residue', durationMs: 0, cases: residueCases(verdict) },
  ];
}

/** One case that is always there, so that a CI that wants a file never finds it empty. */
function runSuite(verdict: Verdict): Suite {
  const sentence = endSentence(verdict);
  const notStarted = verdict.ended.how === 'broken' && verdict.run.loadToMs <= verdict.run.loadFromMs;
  const result: Result =
    sentence === null
      ? { kind: 'passed' }
      : {
          kind: 'error',
          type: verdict.ended.how,
          sentence,
          more: verdict.causes.filter((cause) => cause !== sentence),
        };
  const name = notStarted ? 'target started' : 'run finished';
  return {
    name: 'run',
    durationMs: verdict.run.durationMs,
    cases: [{ name, durationMs: verdict.run.durationMs, result, out: [`command: ${verdict.run.command}`] }],
  };
}

function windowSuite(verdict: Verdict, window: VerdictWindow): Suite {
  const durationMs = window.spans.reduce((sum, span) => sum + span.toMs - span.fromMs, 0);
  const cases = verdict.objectives.flatMap((objective) => {
    const made = promiseCase(verdict, objective, window, durationMs);
    return made === null ? [] : [made];
  });
  return { name: window.name.replace(':', '-'), durationMs, cases };
}

function promiseCase(
  verdict: Verdict,
  objective: ObjectiveResult,
  window: VerdictWindow,
  durationMs: number,
): Case | null {
  const cell = objective.cells.find((one) => one.window === window.name);
  if (cell === undefined) return null;
  const sentence = cellSentence(objective, cell);
  const spans = window.spans.map((span) => `${clock(span.fromMs)} to ${clock(span.toMs)}`).join(', ');
  const more = [`in ${window.name} (${spans}); see report.html`];
  const unreached = cell.value === null && verdict.ended.how !== 'completed';
  return {
    name: promiseTitle(objective),
    durationMs,
    ...(objective.at === undefined ? {} : { at: objective.at }),
    result: unreached
      ? { kind: 'skipped', sentence: endSentence(verdict) ?? sentence }
      : resultOf(cell.outcome, 'slo', sentence, more),
    out: [
      `value: ${measured(cell.value, objective.unit)}`,
      `limit: ${objective.limit}`,
      `samples: ${count(cell.samples)}`,
      `window: ${window.name}, ${spans}`,
      `${objective.source === 'promql' ? 'query' : 'request'}: ${objective.of}`,
      ...(cell.note === undefined ? [] : [`note: ${cell.note}`]),
    ],
  };
}

/** Two questions for each fault: did it do anything, and is it gone? */
function faultCases(fault: FaultResult): Case[] {
  const why = fault.note ?? `${fault.name} on ${fault.target}: no effect was measured`;
  const effect: Result =
    fault.provenMs === undefined
      ? { kind: 'error', type: 'inconclusive', sentence: why, more: [] }
      : { kind: 'passed' };
  const undone: Result =
    fault.cleanMs === undefined
      ? {
          kind: 'error',
          type: 'inconclusive',
          sentence: `${fault.name} on ${fault.target}: it was not proven that it is gone`,
          more: fault.note === undefined ? [] : [fault.note],
        }
      : { kind: 'passed' };
  const durationMs = (fault.undoneMs ?? fault.undoRequestedMs ?? fault.requestedMs) - fault.requestedMs;
  const out = [
    `target: ${fault.target}`,
    `settings: ${fault.settings}`,
    ...(fault.proof === undefined ? [] : [`proof: ${fault.proof}`]),
  ];
  const cases: Case[] = [
    { name: `${fault.name} took effect`, durationMs, result: effect, out },
    { name: `${fault.name} was undone`, durationMs: 0, result: undone, out },
  ];
  const explained = fault.provenMs === undefined || fault.cleanMs === undefined;
  if (fault.outcome !== 'passed' && !explained) {
    cases.push({
      name: `${fault.name} went as planned`,
      durationMs: 0,
      result: resultOf(fault.outcome, 'fault', fault.note ?? `${fault.name} ${fault.outcome}`, []),
      out,
    });
  }
  return cases;
}

function invariantCase(invariant: Verdict['invariants'][number]): Case {
  return {
    name: invariant.name,
    durationMs: 0,
    result: resultOf(invariant.outcome, 'invariant', invariant.sentence, invariant.examples.slice(0, 20)),
    out: [invariant.sentence, ...Object.entries(invariant.counts).map(([name, n]) => `${name}: ${count(n)}`)],
  };
}

function validityCase(check: Verdict['validity']['checks'][number]): Case {
  return {
    name: `generator: ${check.name}`,
    durationMs: 0,
    result: check.ok ? { kind: 'passed' } : resultOf('inconclusive', 'validity', validitySentence(check), []),
    out: [`value: ${measured(check.value, check.unit)}`, `limit: ${exact(check.limit, check.unit)}`],
  };
}

function residueCases(verdict: Verdict): Case[] {
  if (verdict.faults.length === 0 && verdict.residue.length === 0) return [];
  const [first, ...more] = verdict.residue;
  const result: Result =
    first === undefined
      ? { kind: 'passed' }
      : { kind: 'failure', type: 'residue', sentence: `still in place: ${first}`, more };
  return [{ name: 'no fault is left in place', durationMs: 0, result, out: [] }];
}

function resultOf(outcome: Outcome, type: string, sentence: string, more: string[]): Result {
  switch (outcome) {
    case 'passed':
      return { kind: 'passed' };
    case 'failed':
      return { kind: 'failure', type, sentence, more };
    case 'inconclusive':
      return { kind: 'error', type: 'inconclusive', sentence, more };
    default:
      return outcome satisfies never;
  }
}

function suiteLines(suite: Suite, verdict: Verdict): string[] {
  const { run } = verdict;
  const name = `${identifier(run.scenario)}.${identifier(suite.name)}`;
  const taken = new Map<string, number>();
  const properties: [string, string][] = [
    ['run', run.id],
    ['seed', String(run.seed)],
    ['file', run.file],
    ['stampede', run.versions.stampede],
    ['node', run.versions.node],
    ['platform', run.versions.platform],
  ];
  return [
    `  <testsuite name="${xml(name)}"${attributes({
      ...counts(suite.cases),
      time: seconds(suite.durationMs),
      timestamp: run.startedAt.replace(/(\.\d+)?Z$/, ''),
    })}>`,
    '    <properties>',
    ...properties.map(([key, value]) => `      <property name="${key}" value="${xml(value)}"/>`),
    '    </properties>',
    ...suite.cases.flatMap((one) => caseLines({ ...one, name: unique(one.name, taken) }, `stampede.${name}`)),
    '  </testsuite>',
  ];
}

function caseLines(one: Case, classname: string): string[] {
  const place = placeOf(one.at);
  const open = `    <testcase classname="${xml(classname)}" name="${xml(oneLine(one.name))}"${attributes({
    time: seconds(one.durationMs),
    ...(place === null ? {} : { file: place.file, line: place.line }),
  })}>`;
  const out = one.out.length === 0 ? [] : [`      <system-out>${xml(one.out.join('\n'))}</system-out>`];
  return [open, ...resultLines(one.result), ...out, '    </testcase>'];
}

/** The element's text starts with the same sentence as its message, because some readers show only one of the two. */
function resultLines(result: Result): string[] {
  switch (result.kind) {
    case 'passed':
      return [];
    case 'skipped':
      return [`      <skipped message="${xml(oneLine(result.sentence))}"/>`];
    case 'failure':
    case 'error': {
      const text = xml([result.sentence, ...result.more].join('\n'));
      return [
        `      <${result.kind} type="${xml(result.type)}" message="${xml(oneLine(result.sentence))}">${text}</${result.kind}>`,
      ];
    }
    default:
      return result satisfies never;
  }
}

function counts(cases: Case[]): { tests: number; failures: number; errors: number; skipped: number } {
  const of = (kind: Result['kind']): number => cases.filter((one) => one.result.kind === kind).length;
  return { tests: cases.length, failures: of('failure'), errors: of('error'), skipped: of('skipped') };
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([key, value]) => ` ${key}="${xml(String(value))}"`)
    .join('');
}

function seconds(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(1);
}

/** Jenkins makes a page of it, GitLab a heading: letters, digits, `-`, `_` only. */
function identifier(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '') || 'run';
}

/** GitLab uses only the first of two cases of the same name. */
function unique(name: string, taken: Map<string, number>): string {
  const times = (taken.get(name) ?? 0) + 1;
  taken.set(name, times);
  return times === 1 ? name : `${name} (${times})`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function placeOf(at: string | undefined): { file: string; line: string } | null {
  const match = at === undefined ? null : /^(.*?):(\d+)(?::\d+)?$/.exec(at);
  return match?.[1] === undefined || match[2] === undefined ? null : { file: match[1], line: match[2] };
}
