import { plain } from '../escape.ts';
import { clock, count, latency, percent, rate } from '../format.ts';
import type { LiveState } from './live-state.ts';

/**
 * One line where there is no terminal: `02:03.1 fault     latency proven 812 ms, was 2 ms`. No escape codes, one event
 * a line, `key=value` after the verb, so that `grep` works.
 */
export function plainLine(tMs: number, verb: string, text: string): string {
  return `${clock(tMs)} ${plain(verb).padEnd(VERB_COLUMNS)} ${plain(text)}`.trimEnd();
}

/** `00:30.0 progress  13 % users=50,000 rate=9,980/s p99=118ms errors=0% drops=0`; what is not known is left out. */
export function progressLine(state: LiveState): string {
  const { traffic } = state;
  const done = planned(state);
  const parts = [
    ...(done === null ? [] : [done]),
    ...(state.users.length === 0 ? [] : [`users=${count(state.users.reduce((sum, group) => sum + group.active, 0))}`]),
    ...pair('rate', traffic.donePerSec === null ? null : rate(traffic.donePerSec)),
    ...pair('p99', traffic.p99Ms === null ? null : latency(traffic.p99Ms)),
    ...pair('errors', traffic.errorRatio === null ? null : percent(traffic.errorRatio)),
    `drops=${count(traffic.drops)}`,
    ...(state.generator.unfit === null ? [] : ['generator=UNFIT']),
  ];
  return plainLine(state.tMs, 'progress', parts.join(' '));
}

const VERB_COLUMNS = 9;

/** The plan's time that has passed; null without load or without a planned end. */
function planned({ tMs, loadFromMs, totalMs }: LiveState): string | null {
  if (loadFromMs === null || totalMs === null || totalMs <= 0) return null;
  return `${Math.floor(Math.min(1, Math.max(0, (tMs - loadFromMs) / totalMs)) * 100)} %`;
}

/** A value without blanks stays one field for `cut` and `awk`. */
function pair(key: string, value: string | null): string[] {
  return value === null ? [] : [`${key}=${value.replaceAll(' ', '')}`];
}
