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
  readonly #moments: (Moment | undefined)[] = new Array(SLOTS).fill(undefined);
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
    this.#put(timer);
  }

  /**
   * As `set`, and what it returns is fulfilled once the timer has fired. All that are due in the same millisecond share one
   * promise: a promise each, with its two functions, is most of what a waiting user would hold.
   */
  wait(timer: WheelTimer): Promise<void> {
    const atMs = this.#put(timer);
    const slot = atMs % SLOTS;
    for (let moment = this.#moments[slot]; moment; moment = moment.next) {
      if (moment.atMs === atMs) return moment.come;
    }
    const moment = new Moment(atMs, this.#moments[slot]);
    this.#moments[slot] = moment;
    return moment.come;
  }

  /** The millisecond it will fire in. */
  #put(timer: WheelTimer): number {
    // A timer is never put into a slot that has been emptied already.
    const atMs = Math.max(Math.ceil(timer.dueMs), this.#doneMs + 1);
    const slot = atMs % SLOTS;
    timer.next = this.#slots[slot];
    this.#slots[slot] = timer;
    this.#size++;
    this.#ticking ??= setTimeout(this.#tick, 1);
    return atMs;
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
    this.#moments.fill(undefined);
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
    this.#arrive(slotMs);
  }

  /** Tells those who wait for this millisecond. Moments of later turns of the wheel stay. */
  #arrive(atMs: number): void {
    const slot = atMs % SLOTS;
    let before: Moment | undefined;
    for (let moment = this.#moments[slot]; moment; moment = moment.next) {
      if (moment.atMs === atMs) {
        if (before) before.next = moment.next;
        else this.#moments[slot] = moment.next;
        moment.arrive();
        return;
      }
      before = moment;
    }
  }
}

/** A millisecond that somebody waits for. */
class Moment {
  readonly atMs: number;
  readonly come: Promise<void>;
  arrive: () => void = () => {};
  /** Another of the same slot, a turn of the wheel or more away. */
  next: Moment | undefined;

  constructor(atMs: number, next: Moment | undefined) {
    this.atMs = atMs;
    this.next = next;
    this.come = new Promise((resolve) => {
      this.arrive = resolve;
    });
  }
}

/** Two minutes of slots: longer waits stay in theirs for another turn. */
const SLOTS = 131_072;
