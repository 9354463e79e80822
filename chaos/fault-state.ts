/**
 * A fault's life. Each state is entered at most once, and only from those before it:
 *
 * ```
 *   requested ──> resolved ──> recorded ──> applied ──> proven ──────────────> undo requested ──> undone ──> clean
 *       │             │            │           ├──> unproven ──────────────────────^     │           └──> not clean
 *       │             │            └──> failed ┼───────────────────────────────────^     └──────────────> not clean
 *       └──> failed   └──> failed              └──> proven ──> effect lost ────────^
 * ```
 *
 * `recorded`: what undoes it is on disk. `skipped` stands alone: its condition never held.
 */
export type FaultState =
  | 'skipped'
  | 'requested'
  | 'resolved'
  | 'recorded'
  | 'applied'
  | 'proven'
  | 'unproven'
  | 'effect lost'
  | 'failed'
  | 'undo requested'
  | 'undone'
  | 'clean'
  | 'not clean';

/** What may follow. A state without anything is an end. */
export const NEXT: Readonly<Record<FaultState, readonly FaultState[]>> = {
  skipped: [],
  requested: ['resolved', 'failed'],
  resolved: ['recorded', 'failed'],
  recorded: ['applied', 'failed', 'undo requested'],
  applied: ['proven', 'unproven', 'failed', 'undo requested'],
  proven: ['effect lost', 'failed', 'undo requested'],
  unproven: ['undo requested'],
  'effect lost': ['undo requested'],
  failed: ['undo requested'],
  'undo requested': ['undone', 'clean', 'not clean'],
  undone: ['clean', 'not clean'],
  clean: [],
  'not clean': [],
};

/** Lets a fault go from state to state, and no other way. */
export class FaultLife {
  #state: FaultState | undefined;

  get state(): FaultState | undefined {
    return this.#state;
  }

  /** @throws when the state cannot follow: that is a mistake in the timeline, and never in a fault */
  enter(state: FaultState): void {
    const allowed = this.#state === undefined ? ['skipped', 'requested'] : NEXT[this.#state];
    if (!allowed.includes(state)) throw new Error(`a fault cannot go from ${this.#state ?? 'nothing'} to ${state}`);
    this.#state = state;
  }
}
