import type { Outcome } from './crash.ts';
import { POINTS } from './points.ts';

/** Milliseconds to clean, a row a fault and a column a point: with the watchdog, and below it without. */
export function renderTable(outcomes: readonly Outcome[]): string {
  const faults = [...new Set(outcomes.map(({ fault }) => fault))];
  const rows = faults.flatMap((fault) =>
    [true, false].map((watchdog) => {
      const of = outcomes.filter((outcome) => outcome.fault === fault && outcome.watchdog === watchdog);
      const cells = POINTS.map((point) => cell(of.find((outcome) => outcome.point === point)));
      return [watchdog ? fault : '', watchdog ? 'watchdog' : 'next start', ...cells];
    }),
  );
  const header = ['ms to clean', '', ...POINTS];
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => row.map((text, column) => pad(text, widths[column] ?? 0, column)).join('  ')).join('\n');
}

/** `·` was not tried; `*` what was left had to be undone. */
function cell(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '·';
  if (outcome.problem !== undefined) return 'BAD';
  return `${outcome.cleanMs}${outcome.left.length > 0 ? '*' : ''}`;
}

function pad(text: string, width: number, column: number): string {
  return column < 2 ? text.padEnd(width) : text.padStart(width);
}
