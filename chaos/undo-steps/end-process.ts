import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { antagonistsOf } from '../antagonist/find.ts';
import { isAlive } from '../process-mark.ts';
import { sendSignal } from '../process-tree.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({
  step: z.literal('end-process'),
  /** The fault the process belongs to. It is not known by its id: this was written down before there was a process. */
  fault: z.string().min(1),
});

/** Ends the antagonists of a fault, on this machine. */
export const endProcessStep: UndoStepKind<z.output<typeof schema>> = {
  schema,

  /** Twice: for a moment after it was started, a process still looks like whoever started it. */
  async perform({ fault }) {
    endAll(fault);
    await sleep(SETTLE_MS);
    endAll(fault);
  },

  async verify({ fault }, signal) {
    for (;;) {
      const left = antagonistsOf(fault);
      if (left.length === 0) return { clean: true, evidence: `no process of ${fault} runs` };
      if (signal.aborted) {
        const pids = left.map((one) => one.process.pid).join(', ');
        return { clean: false, evidence: `a process of ${fault} still runs (pid ${pids})` };
      }
      await sleep(10);
    }
  },
};

const SETTLE_MS = 50;

function endAll(fault: string): void {
  for (const { process: found } of antagonistsOf(fault)) if (isAlive(found)) sendSignal(found.pid, 'SIGKILL');
}
