import { z } from 'zod';
import { enableProxyStep } from './undo-steps/enable-proxy.ts';
import { releaseNodeStep } from './undo-steps/release-node.ts';
import { removeToxicStep } from './undo-steps/remove-toxic.ts';
import { startContainerStep } from './undo-steps/start-container.ts';
import type { UndoResult, UndoStepKind } from './undo-steps/undo-step.ts';
import { Unreachable } from './unreachable.ts';

export type { UndoResult } from './undo-steps/undo-step.ts';

/** What undoes a fault, as plain data: it must make sense to a process that never saw the fault injected. */
export const undoStepSchema = z.union([
  removeToxicStep.schema,
  enableProxyStep.schema,
  releaseNodeStep.schema,
  startContainerStep.schema,
]);

export type UndoStep = z.output<typeof undoStepSchema>;

/** Every way of undoing there is. */
const doers = [doer(removeToxicStep), doer(enableProxyStep), doer(releaseNodeStep), doer(startContainerStep)];

/**
 * Undoes a step and reads back that it is undone; `onUndone` is called in between. Idempotent: undoing what is already
 * undone is clean. Bounded by the signal.
 */
export async function undo(step: UndoStep, signal: AbortSignal, onUndone = () => {}): Promise<UndoResult> {
  try {
    for (const does of doers) {
      const result = await does(step, signal, onUndone);
      if (result !== undefined) return result;
    }
    return { clean: false, evidence: `nobody knows how to undo ${JSON.stringify(step)}` };
  } catch (error) {
    // The fault lived in the memory of a process that is gone: so is the fault.
    if (error instanceof Unreachable) return { clean: true, evidence: `${error.what} is gone, and the fault with it` };
    return { clean: false, evidence: error instanceof Error ? error.message : String(error) };
  }
}

type Doer = (step: UndoStep, signal: AbortSignal, onUndone: () => void) => Promise<UndoResult | undefined>;

/** Hides a kind's own type, so that a list can hold all kinds. Undefined for a step of another kind. */
function doer<Step extends { step: string }>(kind: UndoStepKind<Step>): Doer {
  return async (step, signal, onUndone) => {
    const own = kind.schema.safeParse(step);
    if (!own.success) return undefined;
    await kind.perform(own.data, signal);
    onUndone();
    return await kind.verify(own.data, signal);
  };
}
