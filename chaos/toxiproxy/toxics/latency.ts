import { z } from 'zod';
import { type Held, HoldingStage } from './holding-stage.ts';
import type { ToxicType } from './toxic-type.ts';

/** Milliseconds. Each chunk leaves `latency` + uniform [-`jitter`, +`jitter`) after it came. */
const attributes = z.object({ latency: z.int(), jitter: z.int() });
type Attributes = z.infer<typeof attributes>;

export const latency: ToxicType<Attributes> = {
  type: 'latency',
  goStruct: 'LatencyToxic',
  goInt: 'int64',
  attributes,
  stage: (initial, surroundings) => new LatencyStage(initial, surroundings),
};

/** As many chunks as the original queues, and no more bytes than they could hold there. */
const MAX_HELD_CHUNKS = 1024;
const MAX_HELD_BYTES = MAX_HELD_CHUNKS * 32 * 1024;

class LatencyStage extends HoldingStage<Attributes> {
  protected override waitMs({ arrivedMs, luck }: Held, nowMs: number): number {
    const { latency: latencyMs, jitter: jitterMs } = this.attributes;
    const shiftMs = jitterMs > 0 ? Math.floor(luck * jitterMs * 2) - jitterMs : 0;
    return arrivedMs + latencyMs + shiftMs - nowMs;
  }

  protected override isFull(heldChunks: number, heldBytes: number): boolean {
    return heldChunks >= MAX_HELD_CHUNKS || heldBytes >= MAX_HELD_BYTES;
  }
}
