/**
 * Timers for very many users: a hashed timing wheel (Varghese and Lauck, 1987, scheme 6) with one-millisecond slots,
 * driven by one timer of the runtime. Setting a timer is O(1) and allocates one small object.
 */
export class TimerWheel {
  readonly #slots: (Timer | undefined)[] = new Array(SLOTS).fill(undefined);
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

  /** Calls back once at `dueMs`, never before; at once (but not within this call) when that has passed. */
  at(dueMs: number, fire: (dueMs: number) => void): void {
    // A timer is never due in a slot that has been emptied already.
    const slotMs = Math.max(Math.ceil(dueMs), this.#doneMs + 1);
    const slot = slotMs % SLOTS;
    this.#slots[slot] = { dueMs, slotMs, fire, next: this.#slots[slot] };
    this.#size++;
    this.#ticking ??= setTimeout(this.#tick, 1);
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
    // A slot is a stack: turn it round, so that timers of one millisecond fire in the order they were set.
    let due: Timer | undefined;
    while (timer) {
      const { next } = timer;
      if (timer.slotMs === slotMs) {
        timer.next = due;
        due = timer;
      } else {
        timer.next = this.#slots[slot];
        this.#slots[slot] = timer;
      }
      timer = next;
    }
    for (; due; due = due.next) {
      this.#size--;
      due.fire(due.dueMs);
    }
  }
}

interface Timer {
  dueMs: number;
  slotMs: number;
  fire: (dueMs: number) => void;
  next: Timer | undefined;
}

/** Two minutes of slots: longer waits stay in theirs for another turn. */
const SLOTS = 131_072;
