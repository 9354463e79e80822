/** A promise to end by itself: whoever holds it renews it, and when the holder dies nobody does. */
export class Lease {
  readonly #onEnd: (lease: Lease) => void;
  #ttlMs: number;
  #endsAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(ttlMs: number, onEnd: (lease: Lease) => void) {
    this.#onEnd = onEnd;
    this.#ttlMs = ttlMs;
    this.renew(ttlMs);
  }

  /** From now on again as long as before, or as long as told. */
  renew(ttlMs = this.#ttlMs): void {
    this.cancel();
    this.#ttlMs = ttlMs;
    this.#endsAtMs = performance.now() + ttlMs;
    this.#timer = setTimeout(() => this.#onEnd(this), ttlMs).unref();
  }

  /** It will not end any more: what it was for is over. */
  cancel(): void {
    clearTimeout(this.#timer);
  }

  /** What an answer tells of it. */
  toJson(): { ttlMs: number; leftMs: number } {
    return { ttlMs: this.#ttlMs, leftMs: Math.max(0, Math.round(this.#endsAtMs - performance.now())) };
  }
}
