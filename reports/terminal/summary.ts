import stringWidth from 'string-width';
import type { ObjectiveCell, ObjectiveResult, Outcome, Verdict, VerdictWindow } from '../../harness/verdict/verdict.ts';
import { cutMiddle, wrap } from '../cut.ts';
import { count, latency, percent, rate } from '../format.ts';
import type { ReportModel } from '../model.ts';
import {
  causeLines,
  cellValue,
  contextParts,
  errorKinds,
  faultFacts,
  faultTimes,
  firstError,
  generatorFacts,
  generatorState,
  limitText,
  nextCommands,
  validitySentence,
  verdictTitle,
  worstCell,
} from '../sentences.ts';
import { type Charset, charset } from './charset.ts';
import { type Meaning, painter } from './paint.ts';
import { type Cell, type Column, type TableStyle, table, tableFits } from './table.ts';

export interface SummaryOptions {
  /** Width of the terminal; 80 where there is none. Below 40 it is taken as 40. */
  columns: number;
  unicode: boolean;
  colour: boolean;
  /** `short` is the context line and the verdict. */
  detail: 'short' | 'full';
}

/**
 * What stands in the terminal when a run is over: facts in a fixed order, the verdict last, so that the bottom of any
 * log is the answer. Blocks without content are left out, GENERATOR never is. Ends with a line break.
 */
export function terminalSummary(model: ReportModel, options: SummaryOptions): string {
  const page = pageOf(options);
  const { verdict } = model;
  const blocks =
    options.detail === 'short'
      ? [context(verdict, page), verdictBlock(verdict, page)]
      : [
          context(verdict, page),
          promises(verdict, page),
          faults(verdict, page),
          invariants(verdict, page),
          generator(verdict, page),
          requests(verdict, page),
          warnings(verdict, page),
          commands(model, page),
          verdictBlock(verdict, page),
        ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

interface Page {
  columns: number;
  chars: Charset;
  paint: (text: string, meaning: Meaning) => string;
  style: TableStyle;
}

/** Examples of a failed invariant in the terminal; the report has more. */
const EXAMPLES = 3;
const REQUEST_ROWS = 20;

function pageOf(options: SummaryOptions): Page {
  const columns = Math.max(40, options.columns);
  const chars = charset(options.unicode);
  const paint = painter(options.colour);
  return { columns, chars, paint, style: { width: columns, ellipsis: chars.ellipsis, paint } };
}

function context(verdict: Verdict, page: Page): string[] {
  const { scenario, question } = verdict.run;
  const title = question === undefined ? scenario : `${scenario} · ${question}`;
  return [...sentence(title, page, 'title'), ...sentence(contextParts(verdict).join(' · '), page)];
}

function promises(verdict: Verdict, page: Page): string[] {
  if (verdict.objectives.length === 0) return [];
  const wide = promiseTable(verdict, page, { perFault: true });
  const many = verdict.windows.filter((window) => window.kind === 'fault').length > 1;
  if (!many) return table(wide.columns, wide.rows, page.style);
  if (page.columns >= 100 && tableFits(wide.columns, wide.rows, page.columns)) {
    return table(wide.columns, wide.rows, page.style);
  }
  const narrow = promiseTable(verdict, page, { perFault: false });
  const lines = table(narrow.columns, narrow.rows, page.style);
  return lines.flatMap((line, index) => {
    const objective = verdict.objectives[index - 1];
    return objective === undefined ? [line] : [line, ...worstNames(verdict, objective, page)];
  });
}

/** A column of the promises table: the cell of one window, or the worst cell of several. */
interface Group {
  head: string;
  /** As in a column: what is worth least leaves first where there is no room. */
  drop: number;
  of: (objective: ObjectiveResult) => ObjectiveCell | undefined;
}

function promiseTable(
  verdict: Verdict,
  page: Page,
  { perFault }: { perFault: boolean },
): { columns: Column[]; rows: Cell[][] } {
  const groups = promiseGroups(verdict, perFault);
  const columns: Column[] = [
    { head: 'PROMISES', align: 'left', cutTo: 12 },
    { head: 'limit', align: 'left', gap: 3, drop: 0 },
    ...groups.map((group): Column => ({ head: page.chars.text(group.head), align: 'right', drop: group.drop })),
  ];
  const rows = verdict.objectives.map((objective) => [
    signed(objective.outcome, objective.name, page),
    { text: page.chars.text(limitText(objective)), meaning: 'plain' } satisfies Cell,
    ...groups.map((group) => promiseCell(objective, group.of(objective), page)),
  ]);
  if (page.columns < 120) return { columns, rows };
  columns.push({ head: 'n', align: 'right', drop: 5 });
  for (const [index, row] of rows.entries()) {
    row.push({ text: count(samplesOf(verdict.objectives[index])), meaning: 'quiet' });
  }
  return { columns, rows };
}

function promiseGroups(verdict: Verdict, perFault: boolean): Group[] {
  return KINDS.flatMap(({ kind, worst, drop }) => {
    const windows = verdict.windows.filter((window) => window.kind === kind && isJudged(verdict, window));
    if (windows.length === 0) return [];
    if (kind === 'fault' && perFault && windows.length > 1) {
      return windows.map(
        (window): Group => ({ head: window.name, drop, of: (objective) => worstCell(objective, [window]) }),
      );
    }
    return [{ head: windows.length > 1 ? worst : kind, drop, of: (objective) => worstCell(objective, windows) }];
  });
}

const KINDS = [
  { kind: 'steady', worst: 'steady', drop: 3 },
  { kind: 'fault', worst: 'worst fault', drop: 1 },
  { kind: 'recovery', worst: 'worst recov.', drop: 4 },
  { kind: 'whole', worst: 'whole', drop: 2 },
] as const;

function isJudged(verdict: Verdict, { name }: VerdictWindow): boolean {
  return verdict.objectives.some((objective) => objective.cells.some((cell) => cell.window === name));
}

function worstNames(verdict: Verdict, objective: ObjectiveResult, page: Page): string[] {
  const names = (['fault', 'recovery'] as const).flatMap((kind) => {
    const cell = worstCell(
      objective,
      verdict.windows.filter((window) => window.kind === kind),
    );
    return cell === undefined ? [] : [cell.window];
  });
  if (names.length === 0) return [];
  return sentence(`worst: ${names.join(' · ')}`, page, 'quiet', '  ');
}

function promiseCell(objective: ObjectiveResult, cell: ObjectiveCell | undefined, page: Page): Cell {
  const value = page.chars.text(cellValue(objective, cell));
  if (cell === undefined || cell.outcome === 'passed') return { text: value, meaning: 'plain' };
  return { text: `${value} ${page.chars.sign[cell.outcome]}`, meaning: cell.outcome };
}

/** Of the widest window it was judged in. */
function samplesOf(objective: ObjectiveResult | undefined): number | null {
  const cells = objective?.cells ?? [];
  const whole = cells.find((cell) => cell.window === 'whole');
  return whole?.samples ?? (cells.length === 0 ? null : Math.max(...cells.map((cell) => cell.samples)));
}

/** One line each with target and settings where all of it has room, else these on a line of their own. */
function faults(verdict: Verdict, page: Page): string[] {
  if (verdict.faults.length === 0) return [];
  const columns: Column[] = [
    { head: 'FAULTS', align: 'left', cutTo: 12 },
    { head: 'injected', align: 'right' },
    { head: 'proven', align: 'right', drop: 0 },
    { head: 'detected', align: 'right', drop: 2 },
    { head: 'undone', align: 'right', drop: 1 },
    { head: 'recovered', align: 'right', drop: 3 },
  ];
  const facts = verdict.faults.map((fault) => page.chars.text(faultFacts(fault, verdict.residue).join(' · ')));
  const rows = verdict.faults.map((fault): Cell[] => {
    const { injected, proven, detected, undone, recovered } = faultTimes(fault);
    const times = [injected, proven, detected, undone, recovered];
    return [
      signed(fault.outcome, fault.name, page),
      ...times.map((text): Cell => ({ text: page.chars.text(text), meaning: 'plain' })),
    ];
  });
  const withFacts: Column[] = [...columns, { head: '', align: 'left', gap: 3 }];
  const oneLine = rows.map((row, index): Cell[] => [...row, { text: facts[index] ?? '', meaning: 'quiet' }]);
  const fits = page.columns >= 120 && tableFits(withFacts, oneLine, page.columns);
  const lines = fits ? table(withFacts, oneLine, page.style) : table(columns, rows, page.style);
  return lines.flatMap((line, index) => {
    const fault = verdict.faults[index - 1];
    if (fault === undefined) return [line];
    const below = fits ? [] : sentence(facts[index - 1] ?? '', page, 'quiet', '  ');
    const note = fault.note === undefined ? [] : sentence(fault.note, page, meaningOf(fault.outcome), '  ');
    return [line, ...below, ...note];
  });
}

function invariants(verdict: Verdict, page: Page): string[] {
  if (verdict.invariants.length === 0) return [];
  const names = verdict.invariants.map((invariant) => signed(invariant.outcome, invariant.name, page));
  const width = Math.min(Math.max(...names.map(({ text }) => stringWidth(text))), Math.floor(page.columns * 0.4));
  const indent = ' '.repeat(width + 3);
  const lines = verdict.invariants.flatMap((invariant, index) => {
    const name = names[index] ?? signed(invariant.outcome, invariant.name, page);
    const shown = cutMiddle(name.text, width, page.chars.ellipsis);
    const [first = '', ...rest] = sentence(invariant.sentence, page, 'plain', indent);
    const examples = invariant.outcome === 'passed' ? [] : invariant.examples.slice(0, EXAMPLES);
    return [
      page.paint(shown, name.meaning) + ' '.repeat(indent.length - stringWidth(shown)) + first.trimStart(),
      ...rest,
      ...examples.flatMap((example) => sentence(`e.g. ${example}`, page, 'plain', indent)),
    ];
  });
  return [page.paint('INVARIANTS', 'title'), ...lines];
}

function generator(verdict: Verdict, page: Page): string[] {
  const { validity } = verdict;
  const state = page.paint(generatorState(verdict), validity.fit ? 'plain' : 'inconclusive');
  const facts = generatorFacts(verdict);
  const lines = page.columns >= 120 ? [facts.flat()] : facts;
  return [
    `${page.paint('GENERATOR', 'title')}  ${state}`,
    ...lines.flatMap((parts) => sentence(parts.join(' · '), page, 'plain', '  ')),
    ...validity.checks
      .filter((check) => !check.ok)
      .flatMap((check) =>
        sentence(`${page.chars.sign.inconclusive} ${validitySentence(check)}`, page, 'inconclusive', '  '),
      ),
  ];
}

function requests(verdict: Verdict, page: Page): string[] {
  if (verdict.requests.length === 0) return [];
  const wide = page.columns >= 120;
  const columns: Column[] = [
    { head: 'REQUESTS', align: 'left', cutTo: 10 },
    { head: 'count', align: 'right' },
    { head: 'rate', align: 'right', drop: 3 },
    { head: 'p50', align: 'right', drop: 4 },
    ...(wide ? [{ head: 'p90', align: 'right', drop: 5 } satisfies Column] : []),
    { head: 'p99', align: 'right' },
    { head: 'p99.9', align: 'right', drop: 6 },
    ...(wide ? [{ head: 'max', align: 'right', drop: 7 } satisfies Column] : []),
    { head: 'errors', align: 'right', drop: 1 },
    ...(wide ? [{ head: 'kinds of errors', align: 'left', drop: 8 } satisfies Column] : []),
  ];
  const shown = verdict.requests.toSorted((a, b) => b.errorRatio - a.errorRatio).slice(0, REQUEST_ROWS);
  const rows = verdict.requests
    .filter((request) => shown.includes(request))
    .map((request) =>
      [
        request.name,
        count(request.count),
        rate(request.perSec),
        latency(request.p50Ms),
        ...(wide ? [latency(request.p90Ms)] : []),
        latency(request.p99Ms),
        latency(request.p999Ms),
        ...(wide ? [latency(request.maxMs)] : []),
        percent(request.count === 0 ? null : request.errorRatio),
        ...(wide ? [kindsOf([request], 3)] : []),
      ].map((text): Cell => ({ text: page.chars.text(text), meaning: 'plain' })),
    );
  const more = verdict.requests.length - shown.length;
  const first = firstError(verdict.requests);
  const errors = [kindsOf(verdict.requests, 6), ...(first === null ? [] : [`first: ${first}`])].filter(
    (part) => part !== '',
  );
  return [
    ...table(columns, rows, page.style),
    ...(more > 0 ? [page.paint(`+ ${count(more)} more in the report`, 'quiet')] : []),
    ...(errors.length > 0 ? sentence(errors.join(' · '), page) : []),
  ];
}

function kindsOf(summaries: Verdict['requests'], most: number): string {
  const kinds = errorKinds(summaries);
  const parts = kinds.slice(0, most).map(({ kind, count: n }) => `${kind} ${count(n)}`);
  return kinds.length > most ? `${parts.join(' · ')} · …` : parts.join(' · ');
}

function warnings(verdict: Verdict, page: Page): string[] {
  const left = verdict.residue.map((one) => `still in place: ${one}`);
  return [...left, ...verdict.warnings].flatMap((warning) => sentence(`! ${warning}`, page, 'inconclusive'));
}

/** Not wrapped: a command that is cut in two can't be copied. Where it is too long it gets a line of its own. */
function commands({ verdict, directory }: ReportModel, page: Page): string[] {
  return nextCommands(verdict, directory).flatMap(({ does, command }) => {
    const text = page.chars.text(command);
    const line = `  ${does.padEnd(7)}  ${text}`;
    return stringWidth(line) <= page.columns ? [line] : [`  ${does}`, ...wrap(text, page.columns)];
  });
}

function verdictBlock(verdict: Verdict, page: Page): string[] {
  const meaning = meaningOf(verdict.outcome);
  return [
    ...sentence(verdictTitle(verdict), page, meaning === 'plain' ? 'title' : meaning),
    ...causeLines(verdict).flatMap((cause) => sentence(cause, page, 'plain', '  ')),
  ];
}

function signed(outcome: Outcome, name: string, page: Page): Cell {
  const { sign } = page.chars;
  return { text: `${sign[outcome].padEnd(sign.failed.length)} ${page.chars.text(name)}`, meaning: meaningOf(outcome) };
}

function meaningOf(outcome: Outcome): Meaning {
  return outcome === 'passed' ? 'plain' : outcome;
}

function sentence(text: string, page: Page, meaning: Meaning = 'plain', indent = ''): string[] {
  return wrap(page.chars.text(text), page.columns - indent.length).map((line) => indent + page.paint(line, meaning));
}
