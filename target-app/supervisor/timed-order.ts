/** Something asked of a node for a while. It ends itself when its time is over, whatever became of whoever asked. */
export class TimedOrder<Value> {
  #value: Value | undefined;
  #untilMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Again: with the new value, for `ttlMs` from now. `ended` is called when the time is over, and not by `end`. */
  begin(value: Value, ttlMs: number, ended: () => void): void {
    clearTimeout(this.#timer);
    this.#value = value;
    this.#untilMs = performance.now() + ttlMs;
    this.#timer = setTimeout(ended, ttlMs);
  }

  /** False when there was none. */
  end(): boolean {
    const was = this.#value !== undefined;
    clearTimeout(this.#timer);
    this.#value = undefined;
    return was;
  }

  get value(): Value | undefined {
    return this.#value;
  }

  /** Milliseconds until it ends itself; 0 when there is none. */
  get leftMs(): number {
    return this.#value === undefined ? 0 : Math.max(0, Math.round(this.#untilMs - performance.now()));
  }
}
