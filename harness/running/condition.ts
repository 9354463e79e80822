import type { Monitor } from '../monitor/monitor.ts';
import { formatDuration, holds, type Op } from '../units.ts';

/** Something in PromQL that must hold for a time. */
interface Condition {
  expression: string;
  op: Op;
  limitValue: number;
  limit: string;
  forMs: number;
}

export interface ConditionClock {
  nowMs: () => number;
  epochOf: (tMs: number) => number;
  sleepUntil: (tMs: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Waits until a condition has held without a break for its time. Returns why not when that takes longer than `withinMs`, and
 * undefined when it has. A question that cannot be answered does not hold.
 */
export async function awaitCondition(
  { withinMs, ...condition }: Condition & { withinMs: number },
  monitor: Monitor,
  clock: ConditionClock,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { expression, limit, forMs } = condition;
  const fromMs = clock.nowMs();
  let sinceMs: number | undefined;
  let last: number | undefined;
  while (!signal.aborted && clock.nowMs() - fromMs <= withinMs) {
    const values = await valuesOf(expression, monitor, clock).catch(() => []);
    const held = values.find((value) => holds(value, condition.op, condition.limitValue));
    last = held ?? values[0] ?? last;
    sinceMs = held === undefined ? undefined : (sinceMs ?? clock.nowMs());
    if (sinceMs !== undefined && clock.nowMs() - sinceMs >= forMs) return undefined;
    await clock.sleepUntil(clock.nowMs() + LOOK_EVERY_MS, signal).catch(() => {});
  }
  const was = last === undefined ? 'it had no value' : `it was last ${Number(last.toPrecision(4))}`;
  const long = forMs > 0 ? ` for ${formatDuration(forMs)}` : '';
  return `${expression} ${limit}${long} did not come about within ${formatDuration(withinMs)}: ${was}`;
}

/** What an expression says now, a value a series. */
export async function valuesOf(expression: string, monitor: Monitor, clock: ConditionClock): Promise<number[]> {
  const result = await monitor.query(expression.replaceAll('$window', '10s'), clock.epochOf(clock.nowMs()));
  return result.type === 'scalar' ? [result.value] : result.series.map((series) => series.value);
}

const LOOK_EVERY_MS = 500;
