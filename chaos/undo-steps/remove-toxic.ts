import { z } from 'zod';
import { proxyState, removeToxic } from '../toxiproxy-client.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({
  step: z.literal('remove-toxic'),
  api: z.string(),
  proxy: z.string(),
  toxic: z.string(),
});

export const removeToxicStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  perform: ({ api, proxy, toxic }, signal) => removeToxic(api, proxy, toxic, signal),

  async verify({ api, proxy, toxic }, signal) {
    const state = await proxyState(api, proxy, signal);
    const left = state?.toxics.some(({ name }) => name === toxic) ?? false;
    return left
      ? { clean: false, evidence: `toxic ${toxic} is still on ${proxy}` }
      : { clean: true, evidence: `no toxic ${toxic} on ${proxy}` };
  },
};
