import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

export type Row = Record<string, string>;

/** Reads a CSV file with a head line (RFC 4180), or a JSON file with a list of objects. Throws when it is neither. */
export function readTable(path: string): Row[] {
  const text = readFileSync(path, 'utf8');
  if (!path.endsWith('.json')) return parse(text, { columns: true, bom: true, skip_empty_lines: true, trim: true });
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) throw new TypeError('expected a list of objects');
  return rows;
}

/** Reads a CSV file whose first line may or may not be a head. */
export function readLines(path: string): string[][] {
  return parse(readFileSync(path, 'utf8'), { bom: true, skip_empty_lines: true, trim: true, relax_column_count: true });
}
