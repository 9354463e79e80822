import { z } from 'zod';
import type { UndoStepKind } from './undo-step.ts';

/** For what cannot be taken back and need not be: `why` says how the system gets over it by itself. */
const schema = z.strictObject({ step: z.literal('nothing'), why: z.string() });

export const nothingStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  perform: async () => {},
  verify: async ({ why }) => ({ clean: true, evidence: `nothing to undo: ${why}` }),
};
