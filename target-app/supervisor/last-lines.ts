import { readFileSync } from 'node:fs';

const LINES = 20;

/** The end of a log, for a message; nothing when there is no log. */
export function lastLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LINES);
  } catch {
    return [];
  }
}
