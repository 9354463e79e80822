import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { nodeStatus, releaseHold } from '../control.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({ step: z.literal('release-node'), control: z.string(), node: z.string() });

export const releaseNodeStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  perform: ({ control, node }, signal) => releaseHold(control, node, signal),

  /** A restarted process needs a moment: waits for it, as long as the caller lets us. */
  async verify({ control, node }, signal) {
    let state = 'unknown';
    while (!signal.aborted) {
      const status = await nodeStatus(control, node, signal);
      state = status?.state ?? 'unknown to its supervisor';
      if (state === 'ready') return { clean: true, evidence: `${node} is ready again (pid ${status?.pid})` };
      await sleep(50);
    }
    return { clean: false, evidence: `${node} is not ready again, its state is ${state}` };
  },
};
