import type { Series } from '../../monitor.ts';
import type { InstantAnswer } from '../promql.ts';

export type Outcome = { answer: InstantAnswer | { type: 'matrix'; series: Series[] } } | { error: string };

/** What two outcomes differ in; undefined when they agree to 1e-9. Texts of errors and the order of series do not count. */
export function difference(ours: Outcome, theirs: Outcome): string | undefined {
  if ('error' in ours || 'error' in theirs) {
    if ('error' in ours && 'error' in theirs) return undefined;
    return 'error' in ours ? `we refuse: ${ours.error}` : `they refuse: ${'error' in theirs ? theirs.error : ''}`;
  }
  const [a, b] = [flat(ours.answer), flat(theirs.answer)];
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(key), b.get(key)];
    if (x === undefined || y === undefined) return `only ${x === undefined ? 'they have' : 'we have'} ${key}`;
    if (typeof x === 'string' || typeof y === 'string' ? x !== y : !isClose(x, y)) return `${key}: ${x}, theirs ${y}`;
  }
  return undefined;
}

/** Values by series and time. */
function flat(answer: InstantAnswer): Map<string, number | string> {
  if (answer.type === 'scalar' || answer.type === 'string') return new Map([[answer.type, answer.value]]);
  const values = new Map<string, number>();
  if (answer.type === 'vector') for (const { labels, value } of answer.series) values.set(keyOf(labels), value);
  else {
    for (const { labels, samples } of answer.series) {
      for (const { tMs, value } of samples) values.set(`${keyOf(labels)} @ ${tMs / 1000}`, value);
    }
  }
  return values;
}

function keyOf(labels: Record<string, string>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Relative, and absolute for what should be zero. */
function isClose(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b)) || Math.abs(a - b) < 1e-12;
}
