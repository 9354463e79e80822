import { z } from 'zod';
import { Stage } from './stage.ts';
import type { ToxicType } from './toxic-type.ts';

/** `timeout` in milliseconds: all data is dropped, and the connection closes that long after the last of it; 0 never closes. */
const attributes = z.object({ timeout: z.int() });
type Attributes = z.infer<typeof attributes>;

export const timeout: ToxicType<Attributes> = {
  type: 'timeout',
  goStruct: 'TimeoutToxic',
  goInt: 'int64',
  attributes,
  stage: (initial, surroundings) => new TimeoutStage(initial, surroundings),
  // A stream with a hole in it must not go on.
  onRemove: 'close',
};

class TimeoutStage extends Stage<Attributes> {
  #timer: NodeJS.Timeout | undefined;

  override start(): void {
    this.discard();
    if (this.attributes.timeout <= 0) return;
    this.#timer = setTimeout(() => this.surroundings.cut('close'), this.attributes.timeout);
  }

  override push(_chunk: Buffer): boolean {
    this.#timer?.refresh();
    return true;
  }

  override end(): void {
    this.discard();
    super.end();
  }

  override release(): void {
    this.discard();
  }

  override discard(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
