import { z } from 'zod';
import { Stage } from './stage.ts';
import type { ToxicType } from './toxic-type.ts';

/**
 * The request reaches the upstream, its answer never reaches the client: at the first byte of the answer it is dropped
 * and the connection closes. An extension; it is how an acknowledgement is lost.
 */
export const cutResponse: ToxicType<Record<string, never>> = {
  type: 'cut_response',
  goStruct: 'CutResponseToxic',
  goInt: 'int64',
  attributes: z.object({}),
  only: 'downstream',
  stage: (attributes, surroundings) => new CutResponseStage(attributes, surroundings),
};

class CutResponseStage extends Stage<Record<string, never>> {
  override push(_chunk: Buffer): boolean {
    this.surroundings.cut('close');
    return true;
  }
}
