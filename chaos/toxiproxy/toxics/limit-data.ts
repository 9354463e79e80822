import { z } from 'zod';
import { Stage } from './stage.ts';
import type { ToxicType } from './toxic-type.ts';

/** `bytes` pass on each link, then the connection closes; the count outlives changes of the toxic. */
const attributes = z.object({ bytes: z.int() });
type Attributes = z.infer<typeof attributes>;

export const limitData: ToxicType<Attributes> = {
  type: 'limit_data',
  goStruct: 'LimitDataToxic',
  goInt: 'int64',
  attributes,
  stage: (initial, surroundings) => new LimitDataStage(initial, surroundings),
};

class LimitDataStage extends Stage<Attributes> {
  #passedBytes = 0;

  override push(chunk: Buffer): boolean {
    const leftBytes = Math.max(0, this.attributes.bytes - this.#passedBytes);
    const part = chunk.length > leftBytes ? chunk.subarray(0, leftBytes) : chunk;
    this.#passedBytes += part.length;
    const more = part.length === 0 || this.outlet.push(part);
    if (this.#passedBytes >= this.attributes.bytes) this.surroundings.cut('close');
    return more;
  }
}
