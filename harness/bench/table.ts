import type { BenchResult } from './result.ts';

/** Replaces what stands between the markers of a page by the table of these results. */
export function withTable(page: string, results: readonly BenchResult[]): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`expected a page with the lines '${BEGIN}' and '${END}', in this order`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${tableOf(results)}\n\n${page.slice(to)}`;
}

const BEGIN = '<!-- bench: written by npm run bench -- --docs -->';
const END = '<!-- /bench -->';

/** New lines take the place of old ones of the same name; a case that was measured anew has no old lines left. */
export function merged(before: readonly BenchResult[], now: readonly BenchResult[]): BenchResult[] {
  const anew = new Set(now.map((result) => result.case));
  return [...before.filter((result) => !anew.has(result.case)), ...now];
}

/** One line on a terminal. */
export function lineOf(result: BenchResult): string {
  const mark = result.ok === undefined ? ' ' : result.ok ? '✓' : '✗';
  const parts = [medianOf(result), ratioOf(result), barOf(result), result.note ?? ''].filter((part) => part !== '');
  return `${mark} ${result.name}: ${parts.join(' · ')}`;
}

export function tableOf(results: readonly BenchResult[]): string {
  const rows = results.map((result) => {
    const verdict = result.ok === undefined ? '' : result.ok ? 'met' : '**not met**';
    return `| ${[result.name, medianOf(result), spreadOf(result), ratioOf(result), barOf(result), verdict, result.note ?? ''].join(' | ')} |`;
  });
  const short = results.filter((result) => result.ok === false).map((result) => `- ${fellShort(result)}`);
  const commands = [...new Set(results.flatMap((result) => result.commands))];
  const machines = [...new Set(results.map(machineOf))];
  const versions = [
    ...new Set(results.flatMap(({ versions: each }) => Object.entries(each).map((pair) => pair.join(' ')))),
  ];
  return [
    '| what | median | spread | ratio | bar | | note |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
    short.length > 0 ? 'What fell short:' : 'Every bar was met.',
    ...(short.length > 0 ? ['', ...short] : []),
    '',
    `Measured ${machines.join('; ')}. Versions: ${versions.join(', ')}.`,
    '',
    'The commands, each as often as there are samples:',
    '',
    '```',
    ...commands,
    '```',
  ].join('\n');
}

function fellShort(result: BenchResult): string {
  const had = result.bar?.of === 'ratio' ? ratioOf(result) : medianOf(result);
  if (had === '') return `${result.name}: nothing was measured that could be held to ${barOf(result)}.`;
  return `${result.name} is ${had}; the bar is ${barOf(result)}.`;
}

function medianOf({ value, unit, skipped }: BenchResult): string {
  if (value === null) return `skipped${skipped === undefined ? '' : `: ${skipped}`}`;
  return `${figure(value)} ${unit}`.trim();
}

function spreadOf({ spread, samples }: BenchResult): string {
  return spread === undefined ? '' : `${Math.round(spread * 100)} % of ${samples.length}`;
}

function ratioOf({ ratio }: BenchResult): string {
  return ratio === undefined ? '' : `${ratio.value.toFixed(2)} x ${ratio.to}`;
}

function barOf({ bar, unit }: BenchResult): string {
  if (bar === undefined) return '';
  return bar.of === 'ratio' ? `${bar.op} ${bar.limit} x` : `${bar.op} ${figure(bar.limit)} ${unit}`.trim();
}

function machineOf({ measuredAt, machine }: BenchResult): string {
  return `${measuredAt.slice(0, 10)} on ${machine.cores} cores (${machine.cpu}), ${machine.memoryGib} GiB, ${machine.system}`;
}

/** Three digits that count. */
function figure(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
