import { z } from 'zod';
import { proxyState, setEnabled } from '../toxiproxy-client.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({ step: z.literal('enable-proxy'), api: z.string(), proxy: z.string() });

export const enableProxyStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  async perform({ api, proxy }, signal) {
    await setEnabled(api, proxy, true, signal);
  },

  async verify({ api, proxy }, signal) {
    const state = await proxyState(api, proxy, signal);
    const down = state !== undefined && !state.enabled;
    return down
      ? { clean: false, evidence: `${proxy} is still disabled` }
      : { clean: true, evidence: `${proxy} is enabled` };
  },
};
