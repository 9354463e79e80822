import type { StopPlan } from '../scenario/plan.ts';
import { formatDuration, holds } from '../units.ts';

/** Follows the rules that end a run before its time. Pure: whoever uses it brings the values and the clock. */
export class StopRules {
  readonly #since = new Map<StopPlan, number>();

  /** `values` are what a rule's question says now; returns why the run is to end once they have held for long enough. */
  hear(rule: StopPlan, values: readonly (number | null)[], nowMs: number): string | undefined {
    const held = values.find((value): value is number => value !== null && holds(value, rule.op, rule.limitValue));
    if (held === undefined) {
      this.#since.delete(rule);
      return undefined;
    }
    const sinceMs = this.#since.get(rule) ?? nowMs;
    this.#since.set(rule, sinceMs);
    if (nowMs - sinceMs < rule.forMs) return undefined;
    return `stop condition: ${rule.what} ${rule.limit} for ${formatDuration(rule.forMs)}, now ${Number(held.toPrecision(4))}`;
  }
}
