import { z } from 'zod';
import { deliversTwice, endDuplicates } from '../duplicates-hook.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({ step: z.literal('end-duplicates'), broker: z.string(), url: z.string() });

export const endDuplicatesStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  perform: ({ url }, signal) => endDuplicates(url, signal),

  async verify({ broker, url }, signal) {
    return (await deliversTwice(url, signal))
      ? { clean: false, evidence: `${broker} still delivers messages twice` }
      : { clean: true, evidence: `${broker} delivers each message once` };
  },
};
