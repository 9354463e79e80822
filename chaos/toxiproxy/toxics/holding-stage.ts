import { Stage } from './stage.ts';

/**
 * A stage that keeps chunks until their time comes. A toxic says when the chunk at the head may leave and may cut it;
 * order, timers, back-pressure and release are here.
 */
export abstract class HoldingStage<Attributes> extends Stage<Attributes> {
  #held: Held[] = [];
  /** Index of the oldest chunk: shifting an array for each chunk would be quadratic. */
  #head = 0;
  #heldBytes = 0;
  #ended = false;
  #endPassed = false;
  #outletFull = false;
  #timer: NodeJS.Timeout | undefined;

  /** Milliseconds from `nowMs` until the head may leave; 0 or less means now, Infinity means never. */
  protected abstract waitMs(head: Held, nowMs: number): number;

  /** How many bytes of the head leave now. */
  protected take(head: Held): number {
    return head.chunk.length;
  }

  /** Told after a part of the stream has left. */
  protected left(_bytes: number, _nowMs: number): void {}

  /** Whether the sender should pause. */
  protected isFull(heldChunks: number, _heldBytes: number): boolean {
    return heldChunks > 0;
  }

  override push(chunk: Buffer): boolean {
    this.#held.push({ chunk, arrivedMs: performance.now(), luck: this.surroundings.random() });
    this.#heldBytes += chunk.length;
    if (this.#timer === undefined) this.#pump();
    return !this.#full();
  }

  override end(): void {
    this.#ended = true;
    this.#passEnd();
  }

  override ready(): void {
    this.#outletFull = false;
    if (this.#timer === undefined) this.#pump();
    if (!this.#full()) super.ready();
  }

  override update(attributes: Attributes): void {
    super.update(attributes);
    this.#disarm();
    this.#pump();
    if (!this.#full()) super.ready();
  }

  override release(): void {
    this.#disarm();
    const held = this.#held.slice(this.#head);
    this.#forget();
    for (const { chunk } of held) this.outlet.push(chunk);
    this.#passEnd();
  }

  override discard(): void {
    this.#disarm();
    this.#forget();
    this.#endPassed = true;
  }

  #pump(): void {
    const nowMs = performance.now();
    while (!this.#outletFull) {
      const head = this.#held[this.#head];
      if (head === undefined) break;
      const waitMs = this.waitMs(head, nowMs);
      if (waitMs > GRAIN_MS) {
        this.#arm(waitMs);
        return;
      }
      this.#letGo(head, nowMs);
    }
    this.#passEnd();
  }

  #letGo(head: Held, nowMs: number): void {
    const bytes = this.take(head);
    const whole = bytes >= head.chunk.length;
    const part = whole ? head.chunk : head.chunk.subarray(0, bytes);
    if (whole) this.#dropHead();
    else head.chunk = head.chunk.subarray(bytes);
    this.#heldBytes -= part.length;
    this.left(part.length, nowMs);
    if (!this.outlet.push(part)) this.#outletFull = true;
  }

  #dropHead(): void {
    this.#head += 1;
    if (this.#head === this.#held.length) {
      this.#held = [];
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#held.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #passEnd(): void {
    if (!this.#ended || this.#endPassed || this.#head < this.#held.length) return;
    this.#endPassed = true;
    this.outlet.end();
  }

  #arm(waitMs: number): void {
    if (waitMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        const wasFull = this.#full();
        this.#pump();
        if (wasFull && !this.#full()) super.ready();
      },
      Math.min(Math.ceil(waitMs), MAX_TIMER_MS),
    );
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #forget(): void {
    this.#held = [];
    this.#head = 0;
    this.#heldBytes = 0;
    this.#outletFull = false;
  }

  #full(): boolean {
    return this.isFull(this.#held.length - this.#head, this.#heldBytes);
  }
}

export interface Held {
  chunk: Buffer;
  readonly arrivedMs: number;
  /** Drawn once from [0, 1), so that a change of the attributes does not roll the dice again. */
  readonly luck: number;
}

/** Timers have whole milliseconds: what is due within half of one leaves now, and is on time on average. */
const GRAIN_MS = 0.5;

/** Node fires a longer timer at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
