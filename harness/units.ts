/** Parsers of the units people write in scenarios. Each returns undefined for text it does not understand. */

const MS_PER_UNIT: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `250ms`, `90s`, `1m30s`, `2h` to milliseconds. A unit is required. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    totalMs += Number(amount) * (MS_PER_UNIT[unit ?? ''] ?? Number.NaN);
  }
  return totalMs;
}

/** `5s` or `5s..15s` to a range of milliseconds. */
export function parseDurationRange(text: string): { fromMs: number; toMs: number } | undefined {
  const [from = '', to = from, ...rest] = text.split('..');
  const fromMs = parseDuration(from);
  const toMs = parseDuration(to);
  if (rest.length > 0 || fromMs === undefined || toMs === undefined || toMs < fromMs) return undefined;
  return { fromMs, toMs };
}

export type Op = '<' | '<=' | '>' | '>=';

/** What a limit's number measures; decided by the unit it is written with. */
export type LimitUnit = 'ms' | 'ratio' | 'per second' | 'number';

export interface Limit {
  op: Op;
  /** Milliseconds, a ratio 0..1, a rate per second or a plain number, as `unit` says. */
  value: number;
  unit: LimitUnit;
}

/** `< 400ms`, `<= 0.1%`, `> 200/s`, `>= 3`. */
export function parseLimit(text: string): Limit | undefined {
  const match = /^\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(ms|s|m|%|\/s)?\s*$/.exec(text);
  if (!match) return undefined;
  const op = match[1] as Op;
  const amount = Number(match[2]);
  switch (match[3]) {
    case '%':
      return { op, value: amount / 100, unit: 'ratio' };
    case '/s':
      return { op, value: amount, unit: 'per second' };
    case undefined:
      return { op, value: amount, unit: 'number' };
    default:
      return { op, value: amount * (MS_PER_UNIT[match[3]] ?? Number.NaN), unit: 'ms' };
  }
}

export function holds(value: number, op: Op, limit: number): boolean {
  switch (op) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    default:
      return op satisfies never;
  }
}

/** Milliseconds as a scenario would write them: `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const h = Math.floor(ms / 3_600_000);
  const m = Math.floor((ms % 3_600_000) / 60_000);
  const s = Math.round((ms % 60_000) / 100) / 10;
  return [h ? `${h}h` : '', m ? `${m}m` : '', s || !(h || m) ? `${s}s` : ''].join('');
}
