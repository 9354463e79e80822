import { z } from 'zod';
import { messageOf } from './message-of.ts';
import { enableProxyStep } from './undo-steps/enable-proxy.ts';
import { endHookStep } from './undo-steps/end-hook.ts';
import { endProcessStep } from './undo-steps/end-process.ts';
import { liftNetFaultStep } from './undo-steps/lift-net-fault.ts';
import { nothingStep } from './undo-steps/nothing.ts';
import { reconnectContainerStep } from './undo-steps/reconnect-container.ts';
import { releaseNodeStep } from './undo-steps/release-node.ts';
import { removeToxicStep } from './undo-steps/remove-toxic.ts';
import { restoreDiskLimitStep } from './undo-steps/restore-disk-limit.ts';
import { restoreLimitsStep } from './undo-steps/restore-limits.ts';
import { restoreMonitorStep } from './undo-steps/restore-monitor.ts';
import { resumeNodeStep } from './undo-steps/resume-node.ts';
import { resumeReplayStep } from './undo-steps/resume-replay.ts';
import { startContainerStep } from './undo-steps/start-container.ts';
import { stopFlappingStep } from './undo-steps/stop-flapping.ts';
import type { UndoResult, UndoStepKind } from './undo-steps/undo-step.ts';
import { unpauseContainerStep } from './undo-steps/unpause-container.ts';
import { Unreachable } from './unreachable.ts';

export type { UndoResult } from './undo-steps/undo-step.ts';

/** What undoes a fault, as plain data: it must make sense to a process that never saw the fault injected. */
const singleStepSchema = z.union([
  removeToxicStep.schema,
  enableProxyStep.schema,
  releaseNodeStep.schema,
  stopFlappingStep.schema,
  endProcessStep.schema,
  nothingStep.schema,
  resumeReplayStep.schema,
  restoreMonitorStep.schema,
  resumeNodeStep.schema,
  endHookStep.schema,
  startContainerStep.schema,
  unpauseContainerStep.schema,
  reconnectContainerStep.schema,
  restoreLimitsStep.schema,
  liftNetFaultStep.schema,
  restoreDiskLimitStep.schema,
]);

/** Of one target. */
type SingleStep = z.output<typeof singleStepSchema>;

const severalSchema = z.strictObject({ step: z.literal('several'), steps: z.array(singleStepSchema).min(1) });

export const undoStepSchema = z.union([severalSchema, singleStepSchema]);

export type UndoStep = z.output<typeof undoStepSchema>;

/** One step for a fault with several targets. */
export function allOf(steps: readonly UndoStep[]): UndoStep {
  const flat = steps.flatMap((step) => (step.step === 'several' ? step.steps : [step]));
  const [only] = flat;
  return flat.length === 1 && only ? only : { step: 'several', steps: flat };
}

/** Every way of undoing there is. */
const doers = [
  doer(removeToxicStep),
  doer(enableProxyStep),
  doer(releaseNodeStep),
  doer(stopFlappingStep),
  doer(endProcessStep),
  doer(nothingStep),
  doer(resumeReplayStep),
  doer(restoreMonitorStep),
  doer(resumeNodeStep),
  doer(endHookStep),
  doer(startContainerStep),
  doer(unpauseContainerStep),
  doer(reconnectContainerStep),
  doer(restoreLimitsStep),
  doer(liftNetFaultStep),
  doer(restoreDiskLimitStep),
];

/**
 * Undoes a step and reads back that it is undone; `onUndone` is called in between. Idempotent: undoing what is already
 * undone is clean. Bounded by the signal.
 */
export async function undo(step: UndoStep, signal: AbortSignal, onUndone = () => {}): Promise<UndoResult> {
  if (step.step !== 'several') return await undoOne(step, signal, onUndone);
  let left = step.steps.length;
  const onOne = () => {
    left--;
    if (left === 0) onUndone();
  };
  const results = await Promise.all(step.steps.map((single) => undoOne(single, signal, onOne)));
  const telling = results.some(({ clean }) => !clean) ? results.filter(({ clean }) => !clean) : results;
  return { clean: results.every(({ clean }) => clean), evidence: telling.map(({ evidence }) => evidence).join('; ') };
}

async function undoOne(step: SingleStep, signal: AbortSignal, onUndone: () => void): Promise<UndoResult> {
  try {
    for (const does of doers) {
      const result = await does(step, signal, onUndone);
      if (result !== undefined) return result;
    }
    return { clean: false, evidence: `nobody knows how to undo ${JSON.stringify(step)}` };
  } catch (error) {
    // The fault lived in the memory of a process that is gone: so is the fault.
    if (error instanceof Unreachable) return { clean: true, evidence: `${error.what} is gone, and the fault with it` };
    return { clean: false, evidence: messageOf(error) };
  }
}

type Doer = (step: SingleStep, signal: AbortSignal, onUndone: () => void) => Promise<UndoResult | undefined>;

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
