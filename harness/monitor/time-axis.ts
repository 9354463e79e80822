const FIRST_CAPACITY = 32;

/**
 * The times of many series at once: what one scrape brings carries one time, so series that came together need to keep
 * their times only once. A series that goes another way (it missed a scrape, or had a time of its own) forks off, and
 * those that go the same way fork together.
 */
export class TimeAxis {
  /** Epoch milliseconds, strictly rising; only the first `length` count. Replaced when it grows. */
  times = new Float64Array(FIRST_CAPACITY);
  length = 0;
  /** The last fork: where it left, and for which time. */
  #fork: { length: number; tMs: number; axis: TimeAxis } | undefined;

  /** The axis of series that have no sample yet: whatever time comes first, it forks off. */
  static start(): TimeAxis {
    const axis = new TimeAxis();
    axis.length = 1;
    axis.times[0] = Number.NEGATIVE_INFINITY;
    return axis;
  }

  /**
   * The axis on which a series of this length goes on with a time: this one, when the next time is that or is still to
   * come, a fork otherwise.
   */
  follow(length: number, tMs: number): TimeAxis {
    if (length < this.length && this.times[length] !== tMs) return this.#forkAt(length, tMs);
    if (length === this.length) this.#push(tMs);
    return this;
  }

  #push(tMs: number): void {
    if (this.length === this.times.length) {
      const times = new Float64Array(Math.ceil(this.length * 1.5));
      times.set(this.times);
      this.times = times;
    }
    this.times[this.length++] = tMs;
  }

  #forkAt(length: number, tMs: number): TimeAxis {
    if (this.#fork?.length === length && this.#fork.tMs === tMs) return this.#fork.axis;
    const axis = new TimeAxis();
    axis.times = new Float64Array(Math.max(FIRST_CAPACITY, Math.ceil(length * 1.2) + 1));
    axis.times.set(this.times.subarray(0, length));
    axis.length = length;
    axis.#push(tMs);
    this.#fork = { length, tMs, axis };
    return axis;
  }
}
