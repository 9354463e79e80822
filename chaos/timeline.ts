import type { AimedFault } from './catalogue.ts';
import type { Baseline } from './fault.ts';
import { type UndoResult, type UndoStep, undo } from './undo.ts';
import type { UndoJournal } from './undo-journal.ts';

/** One fault of the plan, aimed. Times are on the run's clock. */
export interface TimelineFault {
  /** Unique in the run; marks what is ours at the target. */
  id: string;
  name: string;
  atMs: number;
  forMs: number;
  fault: AimedFault;
}

/** A fault's life. Each state is entered once, in this order; `unproven` and `failed` lead straight to the undo. */
export type FaultState =
  | 'requested'
  | 'recorded'
  | 'applied'
  | 'proven'
  | 'unproven'
  | 'failed'
  | 'undo requested'
  | 'undone'
  | 'clean'
  | 'not clean';

export interface FaultEvent {
  name: string;
  fault: string;
  target: string;
  settings: string;
  state: FaultState;
  /** What was measured, or why it failed. */
  evidence?: string;
}

export interface TimelineOptions {
  faults: TimelineFault[];
  journal: UndoJournal;
  /** The run's clock. */
  nowMs: () => number;
  sleepUntil: (tMs: number, signal: AbortSignal) => Promise<void>;
  /** Waits for a fault's time in the plan, which may come later than planned: a person may hold the run. */
  sleepUntilPlanned?: (tMs: number, signal: AbortSignal) => Promise<void>;
  onEvent: (event: FaultEvent) => void;
  /** Aborting undoes everything at once; the timeline then ends. */
  signal: AbortSignal;
  /** Longest wait for a proof, and for an undo to be read back as clean. */
  proofMs?: number;
  undoMs?: number;
}

/**
 * Injects each fault at its time, proves it, undoes it at its end and proves that too. Faults are independent: one that
 * fails does not hold up the others. Resolves when every fault has ended, whatever happened to it.
 */
export async function runTimeline(options: TimelineOptions): Promise<void> {
  await Promise.all(options.faults.map((planned) => live(planned, options)));
}

async function live(planned: TimelineFault, options: TimelineOptions): Promise<void> {
  const { fault, id, name } = planned;
  const { journal, signal } = options;
  const proofMs = Math.min(options.proofMs ?? 10_000, planned.forMs);
  const tell = (state: FaultState, evidence?: string) =>
    options.onEvent({
      name,
      fault: fault.kind,
      target: fault.target,
      settings: fault.settings,
      state,
      ...(evidence === undefined ? {} : { evidence }),
    });

  const armed = await fault.baseline(within(signal, BASELINE_MS)).catch((): Baseline => ({}));
  if (!(await reached(options, planned.atMs, options.sleepUntilPlanned))) return;

  tell('requested');
  const requestedMs = options.nowMs();
  let undoStep: UndoStep;
  try {
    await fault.prepare(within(signal, BASELINE_MS));
    undoStep = fault.undoOf(id);
  } catch (error) {
    if (!signal.aborted) tell('failed', `not injected: ${text(error)}`);
    return;
  }
  try {
    journal.pending(id, name, fault.target, undoStep);
  } catch (error) {
    // Without an undo record there is no fault: it could outlive us.
    tell('failed', `not injected, because its undo record could not be written: ${text(error)}`);
    return;
  }
  tell('recorded');

  try {
    const before = { armed, applied: await fault.baseline(within(signal, BASELINE_MS)) };
    await fault.apply({ id, forMs: planned.forMs, signal: within(signal, APPLY_MS) });
    tell('applied');
    const proof = await fault.prove(before, within(signal, proofMs));
    tell(proof.proven ? 'proven' : 'unproven', proof.evidence);
    if (proof.proven) await reached(options, requestedMs + planned.forMs);
  } catch (error) {
    if (!signal.aborted) tell('failed', text(error));
  }

  tell('undo requested');
  // Not bound to the run's signal: a run that is being stopped must still heal.
  const result: UndoResult = await undo(undoStep, AbortSignal.timeout(options.undoMs ?? 15_000), () => tell('undone'));
  if (result.clean) journal.done(id);
  tell(result.clean ? 'clean' : 'not clean', result.evidence);
}

/** False when the run was stopped first. */
async function reached(options: TimelineOptions, tMs: number, wait = options.sleepUntil): Promise<boolean> {
  try {
    await wait(tMs, options.signal);
    return true;
  } catch {
    return false;
  }
}

function within(signal: AbortSignal, ms: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ms)]);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const BASELINE_MS = 3_000;
const APPLY_MS = 5_000;
