import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FaultKind } from '../fault.ts';
import { beginHook } from '../fault-hooks.ts';
import { roundTrip } from '../probe.ts';
import { hookNeeds, hookUndoneBy, opsAddress, undoOfHook } from './hooked.ts';
import { leaseMs } from './lease.ts';
import { type HookedTarget, measureProcess, nodeField, resolveHooked } from './process-node.ts';

const params = z
  .strictObject({
    node: nodeField,
    blockMs: z.int().min(10).max(60_000).describe('nothing happens for so long, ms, 10 to 60,000'),
    everyMs: z
      .int()
      .min(20)
      .max(600_000)
      .default(1_000)
      .describe('from one block to the next, ms, more than blockMs, up to 600,000; 1,000 unless told'),
  })
  .refine(({ blockMs, everyMs }) => blockMs < everyMs, {
    path: ['blockMs'],
    message: 'expected less than everyMs, so that the node can be told to stop',
  });

export type EventLoopBlockParams = z.input<typeof params>;

/** A node stands still again and again: no answer, no timer, no new connection. */
export const eventLoopBlock: FaultKind<z.output<typeof params>, HookedTarget> = {
  kind: 'event-loop-block',
  family: 'process',
  about: 'The event loop of a node is blocked for blockMs, every everyMs.',
  needs: hookNeeds,
  provenBy: 'answers of /livez that take as long as a block, and quick ones in between',
  undoneBy: hookUndoneBy,
  params,
  resolve: ({ node }, topology) => resolveHooked(node, topology, 'event-loop'),
  settings: ({ blockMs, everyMs }) => `blocked ${blockMs} ms every ${everyMs} ms`,
  undoOf: undoOfHook('event-loop-block'),

  async baseline(target, signal) {
    const livezMs = await roundTrip(opsAddress(target), 'http', signal).catch(() => undefined);
    return { ...(await measureProcess(target, signal)), ...(livezMs === undefined ? {} : { livezMs }) };
  },

  apply: ({ blockMs, everyMs }, { hooks }, { forMs, signal }) =>
    beginHook(hooks, 'event-loop-block', { blockMs, everyMs, ttlMs: leaseMs(forMs) }, signal),

  /** Asks without a pause: whatever question meets a block waits for its end. */
  async prove({ blockMs }, target, before, signal) {
    let asked = 0;
    const slow: number[] = [];
    const atLeastMs = (before.applied.livezMs ?? 0) + blockMs / 2;
    while (!signal.aborted) {
      const tookMs = await roundTrip(opsAddress(target), 'http', signal).catch(() => undefined);
      asked++;
      if (tookMs !== undefined && tookMs >= atLeastMs) slow.push(tookMs);
      if (slow.length >= 2) {
        const times = slow.map((ms) => `${Math.round(ms)} ms`).join(' and ');
        const was = Math.round((before.applied.livezMs ?? 0) * 10) / 10;
        return {
          proven: true,
          evidence: `${target.name} answers /livez after ${times}, ${asked - 2} times quickly (${was} ms before)`,
        };
      }
      await sleep(5);
    }
    return {
      proven: false,
      evidence: `${target.name} kept ${slow.length} of ${asked} questions waiting for ${blockMs} ms`,
    };
  },
};
