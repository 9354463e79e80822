import { z } from 'zod';
import { Stage } from './stage.ts';
import type { ToxicType } from './toxic-type.ts';

/** `delay` in milliseconds: data passes, the end of this direction comes that much later. */
const attributes = z.object({ delay: z.int() });
type Attributes = z.infer<typeof attributes>;

export const slowClose: ToxicType<Attributes> = {
  type: 'slow_close',
  goStruct: 'SlowCloseToxic',
  goInt: 'int64',
  attributes,
  stage: (initial, surroundings) => new SlowCloseStage(initial, surroundings),
};

class SlowCloseStage extends Stage<Attributes> {
  #endedMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  override push(chunk: Buffer): boolean {
    return this.outlet.push(chunk);
  }

  override end(): void {
    this.#endedMs = performance.now();
    this.start();
  }

  override start(): void {
    clearTimeout(this.#timer);
    if (this.#endedMs === undefined) return;
    const waitMs = this.#endedMs + this.attributes.delay - performance.now();
    this.#timer = setTimeout(() => this.release(), Math.max(0, Math.ceil(waitMs)));
  }

  override release(): void {
    const ended = this.#endedMs !== undefined;
    this.discard();
    if (ended) this.outlet.end();
  }

  override discard(): void {
    clearTimeout(this.#timer);
    this.#endedMs = undefined;
  }
}
