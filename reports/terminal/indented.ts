import { count } from '../format.ts';
import { type Cell, type Column, table } from './table.ts';
import { MARGIN, type View } from './view.ts';

/** A table with the frame's margin. */
export function indented(view: View, columns: Column[], rows: Cell[][]): string[] {
  const style = { width: view.columns - MARGIN.length, ellipsis: view.chars.ellipsis, paint: view.paint };
  return table(columns, rows, style).map((line) => MARGIN + line);
}

/** How many rows there was no room for. */
export function moreLine(view: View, more: number): string[] {
  return more > 0 ? [view.paint(`${MARGIN}+ ${count(more)} more`, 'quiet')] : [];
}
