import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { activeHooks, endHook } from '../fault-hooks.ts';
import { messageOf } from '../message-of.ts';
import { Unreachable } from '../unreachable.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({
  step: z.literal('end-hook'),
  hooks: z.string(),
  control: z.string(),
  node: z.string(),
  name: z.string(),
});

/** Ends a fault hook of a node. */
export const endHookStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  perform: (step, signal) => endHook(step, signal),

  async verify({ hooks, node, name }, signal) {
    let why = '';
    while (!signal.aborted) {
      try {
        const left = await activeHooks(hooks, signal);
        if (!left.some((hook) => hook.name === name)) return { clean: true, evidence: `${name} is off in ${node}` };
        why = 'it is still on';
      } catch (error) {
        // Nobody there: the hook was in the memory of a process that has ended.
        if (error instanceof Unreachable) throw error;
        why = messageOf(error);
      }
      await sleep(50);
    }
    return { clean: false, evidence: `${name} is not known to be off in ${node}: ${why}` };
  },
};
