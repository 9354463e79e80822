import stringWidth from 'string-width';
import { cutMiddle } from '../cut.ts';
import type { Meaning } from './paint.ts';

export interface Column {
  head: string;
  align: 'left' | 'right';
  /** The column with the highest number leaves first when the table is too wide; without one it stays. */
  drop?: number;
  /** May be cut in the middle down to this width. For names; a column of numbers never has it. */
  cutTo?: number;
  /** Blanks before it; 2 unless told. */
  gap?: number;
}

export interface Cell {
  text: string;
  meaning: Meaning;
}

export interface TableStyle {
  width: number;
  ellipsis: string;
  paint: (text: string, meaning: Meaning) => string;
}

/**
 * Aligned columns without lines, the head first, no line wider than `width`. When it does not fit, columns that may go
 * leave first, then names and heads are cut; numbers never are.
 */
export function table(columns: Column[], rows: Cell[][], style: TableStyle): string[] {
  const kept = columnsThatFit(columns, rows, style.width);
  const widths = fitWidths(kept, rows, style.width);
  const head = kept.map(({ column }): Cell => ({ text: column.head, meaning: 'title' }));
  return [head, ...rows.map((row) => kept.map(({ index }) => row[index] ?? BLANK))].map((cells) =>
    line(cells, kept, widths, style),
  );
}

/** Whether all columns have room, names and heads cut as far as they may. */
export function tableFits(columns: Column[], rows: Cell[][], width: number): boolean {
  return least(numbered(columns), rows) <= width;
}

interface Kept {
  column: Column;
  index: number;
}

const BLANK: Cell = { text: '', meaning: 'plain' };
const HEAD_CUT_TO = 12;

function columnsThatFit(columns: Column[], rows: Cell[][], width: number): Kept[] {
  let kept = numbered(columns);
  while (least(kept, rows) > width) {
    const next = kept.toSorted((a, b) => (b.column.drop ?? -1) - (a.column.drop ?? -1))[0];
    if (next?.column.drop === undefined) break;
    kept = kept.filter((one) => one !== next);
  }
  return kept;
}

/** Starts from the least each column needs and gives what is left over, from the left. */
function fitWidths(kept: Kept[], rows: Cell[][], width: number): number[] {
  const widths = kept.map((one) => leastOf(one, rows));
  let left = width - total(kept, widths);
  for (const [position, one] of kept.entries()) {
    const more = Math.max(0, Math.min(left, widest(one, rows) - (widths[position] ?? 0)));
    widths[position] = (widths[position] ?? 0) + more;
    left -= more;
  }
  return widths;
}

function line(cells: Cell[], kept: Kept[], widths: number[], style: TableStyle): string {
  let text = '';
  for (const [position, { column }] of kept.entries()) {
    const cell = cells[position] ?? BLANK;
    const width = widths[position] ?? 0;
    const shown = cutMiddle(cell.text, width, style.ellipsis);
    const blanks = ' '.repeat(Math.max(0, width - stringWidth(shown)));
    const painted = shown === '' ? '' : style.paint(shown, cell.meaning);
    text += ' '.repeat(gap(column, position)) + (column.align === 'left' ? painted + blanks : blanks + painted);
  }
  return text.trimEnd();
}

function numbered(columns: Column[]): Kept[] {
  return columns.map((column, index) => ({ column, index }));
}

function least(kept: Kept[], rows: Cell[][]): number {
  return total(
    kept,
    kept.map((one) => leastOf(one, rows)),
  );
}

function total(kept: Kept[], widths: number[]): number {
  return widths.reduce((sum, width, position) => {
    const column = kept[position]?.column;
    return sum + width + (column === undefined ? 0 : gap(column, position));
  }, 0);
}

function leastOf(one: Kept, rows: Cell[][]): number {
  const { cutTo } = one.column;
  const cells = widestCell(one, rows);
  return cutTo === undefined
    ? Math.max(cells, Math.min(stringWidth(one.column.head), HEAD_CUT_TO))
    : Math.min(Math.max(cells, stringWidth(one.column.head)), cutTo);
}

function widest(one: Kept, rows: Cell[][]): number {
  return Math.max(stringWidth(one.column.head), widestCell(one, rows));
}

function widestCell({ index }: Kept, rows: Cell[][]): number {
  return rows.reduce((most, row) => Math.max(most, stringWidth(row[index]?.text ?? '')), 0);
}

function gap(column: Column, position: number): number {
  return position === 0 ? 0 : (column.gap ?? 2);
}
