import type { Outcome, Verdict } from '../harness/verdict/verdict.ts';
import { markdownCell, markdownCode, workflowMessage, workflowProperty } from './escape.ts';
import { clock, count, exact, latency, measured, percent, rate } from './format.ts';
import type { ReportModel } from './model.ts';
import {
  againCommand,
  causeLines,
  cellSentence,
  cellValue,
  contextParts,
  faultTimes,
  generatorFacts,
  generatorState,
  headline,
  limitText,
  promiseTitle,
  residueOf,
  SIGN,
  validitySentence,
  verdictTitle,
} from './sentences.ts';

/**
 * summary.md: GitHub Flavoured Markdown that reads well in `cat` too. The heading is the verdict as one sentence. Always
 * under 64 KiB: what is too much leaves by whole sections and rows, and a line says so. No HTML beyond `<details>`.
 */
export function renderMarkdown(model: ReportModel): string {
  const { verdict } = model;
  const end = closing(model);
  const head = [heading(verdict), question(verdict), causes(verdict)].filter(isText);
  const sections = [
    promises(verdict),
    faults(verdict),
    invariants(verdict),
    generator(verdict),
    details('Requests', requestTable(verdict)),
    details('Validity', validityTable(verdict)),
    details('Environment', environment(verdict)),
  ].filter(isText);
  const kept = [...head];
  let left = LIMIT_BYTES - bytes([...head, end, LEFT_OUT].join('\n\n'));
  let cut = false;
  for (const section of sections) {
    const size = bytes(section) + 2;
    if (size <= left) {
      kept.push(section);
      left -= size;
    } else cut = true;
  }
  return `${[...kept, ...(cut ? [LEFT_OUT] : []), end].join('\n\n')}\n`;
}

/**
 * Workflow commands for a GitHub Actions log: an error for each failed promise or invariant, at most five and how many
 * more there are, and one warning when the run is inconclusive. Paths are as in the verdict: relative to where the
 * command ran.
 */
export function githubAnnotations(verdict: Verdict): string[] {
  const failures = [...failedPromises(verdict), ...failedInvariants(verdict)];
  const lines = failures.slice(0, MOST_ANNOTATIONS);
  const more = failures.length - lines.length;
  if (more > 0) lines.push(command('error', 'Stampede', `and ${more} more in the report`));
  if (verdict.outcome === 'failed' && failures.length === 0)
    lines.push(command('error', 'Stampede', headline(verdict)));
  if (verdict.outcome === 'inconclusive') lines.push(command('warning', 'Stampede', headline(verdict)));
  return lines;
}

const LIMIT_BYTES = 64 * 1024 - 1;
const MOST_ROWS = 50;
const MOST_EXAMPLES = 10;
const MOST_ANNOTATIONS = 5;
/** A name may be as long as its author likes; a table cell may not. */
const MOST_CHARACTERS = 300;
const LEFT_OUT = '_Some sections were left out to keep this short; report.html has all of them._';
const EMOJI: Record<Outcome, string> = { passed: '✅', failed: '❌', inconclusive: '❔' };

function heading(verdict: Verdict): string {
  return `### ${SIGN[verdict.outcome]} ${cell(headline(verdict))}`;
}

function question({ run }: Verdict): string {
  return run.question === undefined ? '' : `> ${cell(run.question)}`;
}

/** The causes but for the first, which is the heading. */
function causes(verdict: Verdict): string {
  const rest = causeLines({ ...verdict, causes: verdict.causes.slice(1) }, 10);
  return rest.map((line) => `- ${cell(line)}`).join('\n');
}

function promises(verdict: Verdict): string {
  const windows = verdict.windows.filter(({ name }) =>
    verdict.objectives.some((objective) => objective.cells.some((one) => one.window === name)),
  );
  const rows = verdict.objectives.slice(0, MOST_ROWS).map((objective) => [
    `${EMOJI[objective.outcome]} ${cell(objective.name)}`,
    cell(limitText(objective)),
    ...windows.map((window) => {
      const one = objective.cells.find((candidate) => candidate.window === window.name);
      const value = cell(cellValue(objective, one));
      return one === undefined || one.outcome === 'passed' ? value : `**${value}**`;
    }),
  ]);
  return table(['promise', 'limit', ...windows.map(({ name }) => cell(name))], rows, verdict.objectives.length);
}

function faults(verdict: Verdict): string {
  const rows = verdict.faults.slice(0, MOST_ROWS).map((fault) => {
    const times = faultTimes(fault);
    const name = `${EMOJI[fault.outcome]} ${cell(fault.name)} on ${code(fault.target)}`;
    return [name, times.proven, times.detected, times.recovered, count(residueOf(fault, verdict.residue))].map(
      (text, index) => (index === 0 ? text : cell(text)),
    );
  });
  const heads = ['fault', 'proven after', 'detected after', 'recovered after', 'residue'];
  return table(heads, rows, verdict.faults.length);
}

function invariants(verdict: Verdict): string {
  const lines = verdict.invariants.slice(0, MOST_ROWS).flatMap((invariant) => {
    const examples = invariant.outcome === 'passed' ? [] : invariant.examples.slice(0, MOST_EXAMPLES);
    const more = invariant.examples.length - examples.length;
    return [
      `- ${EMOJI[invariant.outcome]} **${cell(invariant.name)}**: ${cell(invariant.sentence)}`,
      ...examples.map((example) => `  - e.g. ${code(example)}`),
      ...(examples.length > 0 && more > 0 ? [`  - and ${count(more)} more in the report`] : []),
    ];
  });
  const more = verdict.invariants.length - MOST_ROWS;
  return [...lines, ...(more > 0 ? [`- and ${count(more)} more in the report`] : [])].join('\n');
}

function generator(verdict: Verdict): string {
  const { validity } = verdict;
  const facts = generatorFacts(verdict).flat().join(', ');
  const lines = [
    `${validity.fit ? EMOJI.passed : EMOJI.inconclusive} Generator ${validity.fit ? 'fit' : `**${generatorState(verdict)}**`}: ${cell(facts)}`,
  ];
  for (const check of validity.checks.filter((one) => !one.ok)) lines.push(`- ${cell(validitySentence(check))}`);
  for (const warning of verdict.warnings.slice(0, MOST_EXAMPLES)) lines.push(`- warning: ${cell(warning)}`);
  for (const left of verdict.residue.slice(0, MOST_EXAMPLES)) lines.push(`- still in place: ${cell(left)}`);
  return lines.join('\n');
}

function requestTable(verdict: Verdict): string {
  const rows = verdict.requests
    .slice(0, MOST_ROWS)
    .map((request) => [
      code(request.name),
      count(request.count),
      rate(request.perSec),
      latency(request.p50Ms),
      latency(request.p99Ms),
      latency(request.p999Ms),
      cell(percent(request.count === 0 ? null : request.errorRatio)),
    ]);
  return table(['request', 'count', 'rate', 'p50', 'p99', 'p99.9', 'errors'], rows, verdict.requests.length);
}

function validityTable(verdict: Verdict): string {
  const rows = verdict.validity.checks.map((check) => [
    `${check.ok ? EMOJI.passed : EMOJI.inconclusive} ${cell(check.name)}`,
    cell(measured(check.value, check.unit)),
    cell(exact(check.limit, check.unit)),
  ]);
  return table(['check', 'value', 'limit'], rows, rows.length);
}

function environment(verdict: Verdict): string {
  const { run } = verdict;
  return [
    `- ${cell(contextParts(verdict).join(' · '))}`,
    `- started ${cell(run.startedAt)}, load from ${clock(run.loadFromMs)} to ${clock(run.loadToMs)} on the run's clock`,
    `- stampede ${cell(run.versions.stampede)}, node ${cell(run.versions.node)}, ${cell(run.versions.platform)}`,
  ].join('\n');
}

function closing(model: ReportModel): string {
  const { verdict } = model;
  return `${cell(verdictTitle(verdict))}. Report: ${code(`${model.directory}/report.html`)}. Again: ${code(againCommand(verdict))}`;
}

function details(title: string, body: string): string {
  return body === '' ? '' : `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

/** A table of at most `MOST_ROWS` rows; empty text when there are none. */
function table(heads: string[], rows: string[][], all: number): string {
  if (rows.length === 0) return '';
  const lines = [heads, heads.map((_, index) => (index === 0 ? ':--' : '--:')), ...rows].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  const more = all - rows.length;
  return [...lines, ...(more > 0 ? ['', `and ${count(more)} more in the report`] : [])].join('\n');
}

function failedPromises(verdict: Verdict): string[] {
  return verdict.objectives.flatMap((objective) => {
    const failed = objective.cells.find((one) => one.outcome === 'failed');
    if (objective.outcome !== 'failed' || failed === undefined) return [];
    const message = `${promiseTitle(objective)} during ${failed.window}: ${cellSentence(objective, failed)}`;
    return [command('error', `Stampede: ${objective.name}`, message, objective.at)];
  });
}

function failedInvariants(verdict: Verdict): string[] {
  return verdict.invariants
    .filter((invariant) => invariant.outcome === 'failed')
    .map((invariant) => command('error', `Stampede: ${invariant.name}`, invariant.sentence));
}

function command(level: 'error' | 'warning', title: string, message: string, at?: string): string {
  const place = at === undefined ? null : /^(.*?):(\d+)(?::\d+)?$/.exec(at);
  const where = place === null ? '' : `file=${workflowProperty(place[1] ?? '')},line=${place[2]},`;
  return `::${level} ${where}title=${workflowProperty(title)}::${workflowMessage(message)}`;
}

function cell(text: string): string {
  return markdownCell(short(text));
}

function code(text: string): string {
  return markdownCode(short(text));
}

function short(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

function isText(text: string): boolean {
  return text !== '';
}
