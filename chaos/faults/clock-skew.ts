import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FaultKind } from '../fault.ts';
import { beginHook } from '../fault-hooks.ts';
import { hookNeeds, hookUndoneBy, undoOfHook } from './hooked.ts';
import { leaseMs } from './lease.ts';
import { type HookedTarget, measureProcess, nodeField, resolveHooked } from './process-node.ts';

const TEN_YEARS_MS = 315_360_000_000;

const params = z.strictObject({
  node: nodeField,
  skewMs: z
    .int()
    .min(-TEN_YEARS_MS)
    .max(TEN_YEARS_MS)
    .refine(
      (ms) => Math.abs(ms) >= 2_000,
      'expected 2000 or more, or -2000 or less: the Date header tells whole seconds',
    )
    .describe('so far its clock is ahead, ms; behind when below 0; at least 2,000 either way, up to ten years'),
});

export type ClockSkewParams = z.input<typeof params>;

/** A node has the wrong time of day: what it takes to be fresh, expired or due changes with it. */
export const clockSkew: FaultKind<z.output<typeof params>, HookedTarget> = {
  kind: 'clock-skew',
  family: 'process',
  about: 'The clock of a node is wrong by skewMs: ages, freshness, expiry and deadlines in it change. Timers do not.',
  needs: hookNeeds,
  provenBy: 'the Date header of an answer, compared with the clock of this machine',
  undoneBy: hookUndoneBy,
  params,
  resolve: ({ node }, topology) => resolveHooked(node, topology, 'clock'),
  settings: ({ skewMs }) => `${Math.abs(skewMs)} ms ${skewMs > 0 ? 'ahead' : 'behind'}`,
  undoOf: undoOfHook('clock-skew'),
  baseline: measureProcess,
  apply: ({ skewMs }, { hooks }, { forMs, signal }) =>
    beginHook(hooks, 'clock-skew', { skewMs, ttlMs: leaseMs(forMs) }, signal),

  async prove({ skewMs }, target, _, signal) {
    let seen = `${target.name} tells no time`;
    while (!signal.aborted) {
      const offMs = await dateOffset(target, signal).catch(() => undefined);
      if (offMs !== undefined) {
        const off = `${(Math.abs(offMs) / 1_000).toFixed(0)} s ${offMs > 0 ? 'ahead' : 'behind'}`;
        seen = `the Date header of ${target.name} is ${off}`;
        if (Math.abs(offMs - skewMs) < ROUNDING_MS) return { proven: true, evidence: seen };
      }
      await sleep(50);
    }
    return { proven: false, evidence: seen };
  },
};

/** The header tells whole seconds, and both clocks go on while the answer is under way. */
const ROUNDING_MS = 1_500;

async function dateOffset({ ops }: HookedTarget, signal: AbortSignal): Promise<number | undefined> {
  const response = await fetch(new URL('/livez', ops), { headers: { connection: 'close' }, signal });
  await response.body?.cancel();
  const toldMs = Date.parse(response.headers.get('date') ?? '');
  // The middle of the second that was cut off.
  return Number.isNaN(toldMs) ? undefined : toldMs + 500 - Date.now();
}
