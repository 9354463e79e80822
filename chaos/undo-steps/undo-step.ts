import type { z } from 'zod';

/**
 * One way of undoing, as plain data and what to do with it. The data must make sense to a process that never saw the fault
 * injected. Both functions are idempotent and bounded by the signal.
 */
export interface UndoStepKind<Step extends { step: string }> {
  readonly schema: z.ZodType<Step>;
  perform(step: Step, signal: AbortSignal): Promise<void>;
  /** Reads back, by another way than `perform` where there is one, that nothing is left. */
  verify(step: Step, signal: AbortSignal): Promise<UndoResult>;
}

/** `clean` only after reading back that nothing is left. */
export interface UndoResult {
  clean: boolean;
  evidence: string;
}
