import { z } from 'zod';
import type { Random } from '../random.ts';
import { type Held, HoldingStage } from './holding-stage.ts';
import type { ToxicType } from './toxic-type.ts';

/** Sizes in bytes, `delay` in microseconds after each slice. */
const attributes = z
  .object({
    average_size: z.int().min(1, 'expected a positive number of bytes'),
    size_variation: z.int().min(0, 'expected 0 or a positive number of bytes'),
    delay: z.int(),
  })
  .refine(({ average_size, size_variation }) => average_size < 1 || size_variation <= average_size, {
    path: ['size_variation'],
    error: 'expected at most average_size',
  });
type Attributes = z.infer<typeof attributes>;

export const slicer: ToxicType<Attributes> = {
  type: 'slicer',
  goStruct: 'SlicerToxic',
  goInt: 'int',
  attributes,
  stage: (initial, surroundings) => new SlicerStage(initial, surroundings),
};

/** Sizes of the slices of `total` bytes: halved until each is about the average, evenly varied. */
export function sliceSizes(total: number, averageBytes: number, variationBytes: number, random: Random): number[] {
  if (total - averageBytes <= variationBytes) return [total];
  const shift = variationBytes > 0 ? Math.floor(random() * variationBytes * 2) - variationBytes : 0;
  const left = Math.min(total - 1, Math.max(1, Math.floor(total / 2) + shift));
  return [
    ...sliceSizes(left, averageBytes, variationBytes, random),
    ...sliceSizes(total - left, averageBytes, variationBytes, random),
  ];
}

class SlicerStage extends HoldingStage<Attributes> {
  #sizes: number[] = [];
  #next = 0;
  #nextAtMs = 0;

  protected override waitMs(head: Held, nowMs: number): number {
    this.#nextAtMs = Math.max(this.#nextAtMs, head.arrivedMs);
    return this.#nextAtMs - nowMs;
  }

  protected override take(head: Held): number {
    if (this.#next >= this.#sizes.length) {
      const { average_size: average, size_variation: variation } = this.attributes;
      this.#sizes = sliceSizes(head.chunk.length, average, variation, this.surroundings.random);
      this.#next = 0;
    }
    const size = this.#sizes[this.#next] ?? head.chunk.length;
    this.#next += 1;
    return size;
  }

  protected override left(_bytes: number, nowMs: number): void {
    const delayMs = this.attributes.delay / 1000;
    // Timers are coarser than a microsecond: slices due since the last one leave together, so the pace is right.
    this.#nextAtMs = Math.max(this.#nextAtMs, nowMs - TIMER_GRAIN_MS) + delayMs;
  }

  override update(changed: Attributes): void {
    this.#sizes = [];
    this.#next = 0;
    this.#nextAtMs = 0;
    super.update(changed);
  }

  override release(): void {
    this.#sizes = [];
    this.#next = 0;
    super.release();
  }
}

const TIMER_GRAIN_MS = 2;
