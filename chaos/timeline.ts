import type { AimedFault } from './catalogue.ts';
import type { Baseline, Baselines, Proof } from './fault.ts';
import { FaultLife, type FaultState } from './fault-state.ts';
import { LEASE_MS, leaseMs, RENEW_MS } from './faults/lease.ts';
import { messageOf } from './message-of.ts';
import { type UndoResult, type UndoStep, undo } from './undo.ts';
import type { UndoJournal } from './undo-journal.ts';

export type { FaultState } from './fault-state.ts';

/** One fault of the plan, aimed. Times are on the run's clock. */
export interface TimelineFault {
  /** Unique in the run; marks what is ours at the target. */
  id: string;
  name: string;
  /** With a condition: not before. */
  atMs: number;
  forMs: number;
  fault: AimedFault;
  /** Waits for its condition. Returns why it did not come about in time; undefined when it has. */
  condition?: (signal: AbortSignal) => Promise<string | undefined>;
}

export interface FaultEvent {
  name: string;
  fault: string;
  target: string;
  settings: string;
  state: FaultState;
  /** What was measured, or why it failed. */
  evidence?: string;
}

/** Where a harness may be when it dies; for tests that let it die there. */
export type CrashPoint =
  | FaultState
  | 'before recorded'
  | 'before applied'
  | 'before undone'
  | 'before clean'
  | 'after clean';

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
  /** How often a proven effect is looked at again. */
  lookAgainMs?: number;
  /** Longest time for one such look. */
  lookMs?: number;
  /** Called at each point of each fault's life, in order. */
  onPoint?: (point: CrashPoint, name: string) => void;
}

/**
 * Injects each fault at its time, proves it for as long as it lasts, undoes it at its end and proves that too. Faults are
 * independent: one that fails does not hold up the others. Resolves when every fault has ended, whatever happened to it.
 */
export async function runTimeline(options: TimelineOptions): Promise<void> {
  await Promise.all(options.faults.map((planned) => live(planned, options)));
}

async function live(planned: TimelineFault, options: TimelineOptions): Promise<void> {
  const { fault, id, name } = planned;
  const { journal, signal, onPoint = () => {} } = options;
  const life = new FaultLife();
  const tell = (state: FaultState, evidence?: string) => {
    life.enter(state);
    options.onEvent({
      name,
      fault: fault.kind,
      target: fault.target,
      settings: fault.settings,
      state,
      ...(evidence === undefined ? {} : { evidence }),
    });
    onPoint(state, name);
  };

  const armed = await fault.baseline(within(signal, BASELINE_MS)).catch((): Baseline => ({}));
  if (!(await reached(options, planned.atMs, options.sleepUntilPlanned))) return;
  const missing = await planned.condition?.(signal);
  if (signal.aborted) return;
  if (missing !== undefined) {
    tell('skipped', missing);
    return;
  }

  tell('requested');
  const requestedMs = options.nowMs();
  let undoStep: UndoStep;
  try {
    await fault.prepare(within(signal, PREPARE_MS));
    undoStep = fault.undoOf(id);
    tell('resolved');
    onPoint('before recorded', name);
    journal.pending(id, name, fault.target, undoStep);
  } catch (error) {
    // Without an undo record there is no fault: it could outlive us.
    const record = life.state === 'resolved' ? ', because its undo record could not be written' : '';
    if (!signal.aborted) tell('failed', `not injected${record}: ${messageOf(error)}`);
    return;
  }
  tell('recorded');

  try {
    const before = { armed, applied: await fault.baseline(within(signal, BASELINE_MS)) };
    onPoint('before applied', name);
    await apply(planned, options);
    tell('applied');
    const endMs = requestedMs + planned.forMs;
    const stopRenewing = renewing(planned, signal);
    try {
      const proof = await fault.prove(before, within(signal, Math.min(options.proofMs ?? PROOF_MS, planned.forMs)));
      tell(proof.proven ? 'proven' : 'unproven', proof.evidence);
      const lost = proof.proven ? await lasting(planned, before, endMs, options) : undefined;
      if (lost !== undefined) tell('effect lost', lost);
    } finally {
      stopRenewing();
    }
  } catch (error) {
    if (!signal.aborted) tell('failed', messageOf(error));
  }

  tell('undo requested');
  onPoint('before undone', name);
  // Not bound to the run's signal: a run that is being stopped must still heal.
  const undone = () => {
    tell('undone');
    onPoint('before clean', name);
  };
  const result: UndoResult = await undo(undoStep, AbortSignal.timeout(options.undoMs ?? UNDO_MS), undone);
  if (result.clean) journal.done(id);
  tell(result.clean ? 'clean' : 'not clean', result.evidence);
  onPoint('after clean', name);
}

async function apply({ fault, id, forMs }: TimelineFault, { signal }: TimelineOptions): Promise<void> {
  // What can be renewed needs no more time than we may be silent for.
  const lease = fault.renew === undefined ? leaseMs(forMs) : LEASE_MS;
  await fault.apply({ id, forMs, leaseMs: lease, signal: within(signal, APPLY_MS) });
}

/** Keeps the fault up for as long as we live. One that cannot be renewed ends early, which the next look shows. */
function renewing({ fault, id }: TimelineFault, signal: AbortSignal): () => void {
  const { renew } = fault;
  if (renew === undefined) return () => {};
  const timer = setInterval(() => {
    renew({ id, leaseMs: LEASE_MS, signal: within(signal, RENEW_MS) }).catch(() => {});
  }, RENEW_MS);
  return () => clearInterval(timer);
}

/**
 * Looks at the effect again and again until the fault's end; returns what was seen when it is gone. Two looks in a row must
 * miss it: the first may have come at a bad moment.
 */
async function lasting(
  { fault }: TimelineFault,
  before: Baselines,
  endMs: number,
  options: TimelineOptions,
): Promise<string | undefined> {
  const { signal, nowMs, lookAgainMs = LOOK_AGAIN_MS, lookMs = LOOK_MS } = options;
  let misses = 0;
  while (nowMs() < endMs) {
    const untilMs = fault.lasts ? Math.min(endMs, nowMs() + (misses > 0 ? lookAgainMs / 4 : lookAgainMs)) : endMs;
    if (!(await reached(options, untilMs)) || nowMs() >= endMs) return undefined;
    const leftMs = endMs - nowMs();
    const look = await fault
      .prove({ ...before, proven: true }, within(signal, Math.min(lookMs, leftMs)))
      .catch((error: unknown): Proof => ({ proven: false, evidence: messageOf(error) }));
    // What was broken off by the fault's end or the run's says nothing.
    if (signal.aborted || nowMs() >= endMs - CUT_SHORT_MS) return undefined;
    misses = look.proven ? 0 : misses + 1;
    if (misses >= 2) return look.evidence;
  }
  return undefined;
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
  return AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.round(ms)))]);
}

/** A container of ours that helps takes a second to start, and more on a machine under load. */
const PREPARE_MS = 10_000;
const BASELINE_MS = 5_000;
const APPLY_MS = 10_000;
const PROOF_MS = 10_000;
const UNDO_MS = 15_000;
const LOOK_AGAIN_MS = 2_000;
/** Longest time for one look at an effect that has been proven. */
const LOOK_MS = 5_000;
const CUT_SHORT_MS = 50;
