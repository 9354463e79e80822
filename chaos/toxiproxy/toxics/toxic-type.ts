import type { z } from 'zod';
import type { Stage, Surroundings } from './stage.ts';

/** One kind of toxic: what it is called, what can be set on it, and how it works on a link. */
export interface ToxicType<Attributes extends Record<string, number> = Record<string, number>> {
  readonly type: string;
  /** The original's struct and integer type: both stand in its error texts. */
  readonly goStruct: string;
  readonly goInt: 'int' | 'int64';
  /** Integers only, in the order in which they are shown; what is left out is 0. */
  readonly attributes: z.ZodType<Attributes> & { shape: Record<string, z.ZodType> };
  stage(attributes: Attributes, surroundings: Surroundings): Stage<Attributes>;
  /** The only direction in which it makes sense; both when absent. */
  readonly only?: 'upstream' | 'downstream';
  /** It can only be drawn for each request, whatever is asked for. */
  readonly per?: 'request';
  /** What removing the toxic does to every link of its direction, spared ones too. */
  readonly onRemove?: 'close';
}
