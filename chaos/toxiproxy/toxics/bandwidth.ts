import { z } from 'zod';
import { type Held, HoldingStage } from './holding-stage.ts';
import type { ToxicType } from './toxic-type.ts';

/** `rate` in KB/s, 1 KB being 1000 bytes. 0 stops all data. */
const attributes = z.object({
  rate: z.int().min(0, 'expected 0 (no data passes) or a positive number of KB/s'),
});
type Attributes = z.infer<typeof attributes>;

export const bandwidth: ToxicType<Attributes> = {
  type: 'bandwidth',
  goStruct: 'BandwidthToxic',
  goInt: 'int64',
  attributes,
  stage: (initial, surroundings) => new BandwidthStage(initial, surroundings),
};

/** What takes longer than this is cut, so that data trickles instead of coming in lumps. */
const PIECE_MS = 100;

/** What may wait for its turn: enough to keep the line busy through a late timer, little enough to hold the sender back. */
const QUEUE_MS = 200;

class BandwidthStage extends HoldingStage<Attributes> {
  /** When the line is free for what comes next. */
  #freeAtMs = 0;

  override update(changed: Attributes): void {
    this.#freeAtMs = performance.now();
    super.update(changed);
  }

  protected override waitMs(head: Held, nowMs: number): number {
    const { rate } = this.attributes;
    if (rate === 0) return Number.POSITIVE_INFINITY;
    this.#freeAtMs = Math.max(this.#freeAtMs, head.arrivedMs);
    return this.#freeAtMs + this.take(head) / rate - nowMs;
  }

  protected override take(head: Held): number {
    return Math.min(head.chunk.length, this.attributes.rate * PIECE_MS);
  }

  protected override left(bytes: number, nowMs: number): void {
    // A late timer is made up for, a stall downstream is not: no burst follows it.
    this.#freeAtMs = Math.max(this.#freeAtMs + bytes / this.attributes.rate, nowMs - PIECE_MS);
  }

  protected override isFull(heldChunks: number, heldBytes: number): boolean {
    return heldChunks > 0 && heldBytes >= this.attributes.rate * QUEUE_MS;
  }
}
