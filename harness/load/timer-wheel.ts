/** What a wheel holds: linked into its slot itself, so that setting one allocates nothing. In one wheel at a time. */
export interface WheelTimer {
  /** When it is due, on the wheel's clock. Not to be changed while it is set. */
  dueMs: number;
  /** The wheel's own: the next timer of its slot. */
  next: WheelTimer | undefined;
  /** Called once, at `dueMs` or after. */
  fire(): void;
}

/**
 * Timers for very many users: a hashed timing wheel (Varghese and Lauck, 1987, scheme 6) with one-millisecond slots,
 * driven by one timer of the runtime. Setting a timer is O(1).
 */
export class TimerWheel {
  readonly #slots: (WheelTimer | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #nowMs: () => number;
  /** The last millisecond whose slot has been emptied. */
  #doneMs: number;
  #ticking: NodeJS.Timeout | undefined;
  #size = 0;

  /** `nowMs` is the clock the due times are on. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#doneMs = Math.floor(nowMs()) - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Fires a timer once at its `dueMs`, never before; at once (but not within this call) when that has passed. */
  set(timer: WheelTimer): void {
    // A timer is never put into a slot that has been emptied already.
    const slot = Math.max(Math.ceil(timer.dueMs), this.#doneMs + 1) % SLOTS;
    timer.next = this.#slots[slot];
    this.#slots[slot] = timer;
    this.#size++;
    this.#ticking ??= setTimeout(this.#tick, 1);
  }

  /** Calls back once at `dueMs`, as `set` does. */
  at(dueMs: number, call: (dueMs: number) => void): void {
    this.set({ dueMs, next: undefined, fire: () => call(dueMs) });
  }

  /** Forgets all timers; they never fire. */
  stop(): void {
    clearTimeout(this.#ticking);
    this.#ticking = undefined;
    this.#slots.fill(undefined);
    this.#size = 0;
  }

  readonly #tick = (): void => {
    this.#ticking = undefined;
    const nowMs = Math.floor(this.#nowMs());
    while (this.#doneMs < nowMs && this.#size > 0) {
      this.#doneMs++;
      this.#empty(this.#doneMs);
    }
    this.#doneMs = Math.max(this.#doneMs, nowMs);
    if (this.#size > 0) this.#ticking ??= setTimeout(this.#tick, 1);
  };

  #empty(slotMs: number): void {
    const slot = slotMs % SLOTS;
    let timer = this.#slots[slot];
    this.#slots[slot] = undefined;
    // A slot is a stack: turn it round, so that timers of one millisecond fire in the order they were set. What is due
    // in a later turn of the wheel stays.
    let due: WheelTimer | undefined;
    while (timer) {
      const { next } = timer;
      if (timer.dueMs <= slotMs) {
        timer.next = due;
        due = timer;
      } else {
        timer.next = this.#slots[slot];
        this.#slots[slot] = timer;
      }
      timer = next;
    }
    while (due) {
      // Firing may set the same timer again, into another slot.
      const { next } = due;
      due.next = undefined;
      this.#size--;
      due.fire();
      due = next;
    }
  }
}

/** Two minutes of slots: longer waits stay in theirs for another turn. */
const SLOTS = 131_072;
