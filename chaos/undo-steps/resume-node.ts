import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { endOrder, nodeStatus } from '../control.ts';
import { isAlive } from '../process-mark.ts';
import { sendSignal, treeOf } from '../process-tree.ts';
import { processNow } from '../processes.ts';
import { Unreachable } from '../unreachable.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({
  step: z.literal('resume-node'),
  control: z.string(),
  node: z.string(),
  /** What the node was when this was written, for the day on which its supervisor is gone. */
  processes: z.array(z.strictObject({ pid: z.int().positive(), started: z.string() })),
});

/** Lets a paused node go on: by its supervisor or, when that is gone, by signals to the processes it had. */
export const resumeNodeStep: UndoStepKind<z.output<typeof schema>> = {
  schema,

  async perform({ control, node, processes }, signal) {
    try {
      await endOrder(control, node, 'pause', signal);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      for (const one of processes) if (isAlive(one)) sendSignal(one.pid, 'SIGCONT');
    }
  },

  /** Reads the state of each process from the system, and waits until its supervisor finds that it answers. */
  async verify({ control, node, processes }, signal) {
    let state = 'unknown';
    while (!signal.aborted) {
      try {
        const status = await nodeStatus(control, node, signal);
        state = status?.state ?? 'unknown to its supervisor';
        const stopped = status?.pid === undefined ? [] : treeOf(status.pid).filter((one) => one.state === 'T');
        if (stopped.length > 0) state = `stopped (pid ${stopped.map(({ pid }) => pid).join(', ')})`;
        else if (state === 'ready') return { clean: true, evidence: `${node} is ready again (pid ${status?.pid})` };
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        const stopped = processes.filter((one) => isAlive(one) && processNow(one.pid)?.state === 'T');
        if (stopped.length === 0) {
          return { clean: true, evidence: `${error.what} is gone, and no process of ${node} is stopped` };
        }
        state = `stopped (pid ${stopped.map(({ pid }) => pid).join(', ')})`;
      }
      await sleep(50);
    }
    return { clean: false, evidence: `${node} is not ready again, its state is ${state}` };
  },
};
