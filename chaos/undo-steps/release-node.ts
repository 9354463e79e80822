import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { endOrder, nodeStatus } from '../control.ts';
import { exists } from '../process-tree.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({
  step: z.literal('release-node'),
  control: z.string(),
  node: z.string(),
  /** What its supervisor is to stop doing to it; a hold unless told. */
  order: z.enum(['restart-loop', 'slow-start']).optional(),
});

export const releaseNodeStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  perform: ({ control, node, order }, signal) => endOrder(control, node, order ?? 'hold', signal),

  /** A restarted process needs a moment: waits for it, as long as the caller lets us. */
  async verify({ control, node }, signal) {
    let state = 'unknown';
    while (!signal.aborted) {
      const status = await nodeStatus(control, node, signal);
      state = status?.state ?? 'unknown to its supervisor';
      // Its supervisor may not know yet that the process it had has gone.
      if (state === 'ready' && (status?.pid === undefined || exists(status.pid)))
        return { clean: true, evidence: `${node} is ready again (pid ${status?.pid})` };
      await sleep(50);
    }
    return { clean: false, evidence: `${node} is not ready again, its state is ${state}` };
  },
};
