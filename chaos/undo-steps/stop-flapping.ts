import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { proxyState, removeToxic, setEnabled } from '../toxiproxy-client.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({
  step: z.literal('stop-flapping'),
  api: z.string(),
  proxy: z.string(),
  mark: z.string(),
});

export const stopFlappingStep: UndoStepKind<z.output<typeof schema>> = {
  schema,

  async perform({ api, proxy, mark }, signal) {
    await removeToxic(api, proxy, mark, signal);
    await setEnabled(api, proxy, true, signal);
  },

  async verify({ api, proxy, mark }, signal) {
    // A turn that had begun when the mark was taken away may still disable the proxy; it enables it again itself.
    for (let calm = 0; calm < CALM_LOOKS && !signal.aborted; ) {
      const state = await proxyState(api, proxy, signal);
      if (state?.toxics.some(({ name }) => name === mark)) {
        return { clean: false, evidence: `the mark ${mark} of the flapping is still on ${proxy}` };
      }
      calm = state === undefined || state.enabled ? calm + 1 : 0;
      await sleep(LOOK_MS);
    }
    const state = await proxyState(api, proxy, signal);
    if (state !== undefined && !state.enabled) return { clean: false, evidence: `${proxy} is still disabled` };
    return { clean: true, evidence: `${proxy} is enabled, and nobody flaps it` };
  },
};

const CALM_LOOKS = 3;
const LOOK_MS = 30;
