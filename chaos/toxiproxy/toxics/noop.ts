import { z } from 'zod';
import { Stage } from './stage.ts';
import type { ToxicType } from './toxic-type.ts';

/** Lets everything through. */
export const noop: ToxicType<Record<string, never>> = {
  type: 'noop',
  goStruct: 'NoopToxic',
  goInt: 'int64',
  attributes: z.object({}),
  stage: (attributes, surroundings) => new NoopStage(attributes, surroundings),
};

class NoopStage extends Stage<Record<string, never>> {
  override push(chunk: Buffer): boolean {
    return this.outlet.push(chunk);
  }
}
