import type { StoredAnswer } from './stored-answer.ts';

/** The answers by URL, bounded in number and bytes; what was used longest ago goes first. */
export class AnswerStore {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  /** A Map keeps the order of insertion: the first key is the one used longest ago. */
  readonly #answers = new Map<string, StoredAnswer>();
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#answers.size;
  }

  get(url: string): StoredAnswer | undefined {
    const stored = this.#answers.get(url);
    if (stored !== undefined) {
      this.#answers.delete(url);
      this.#answers.set(url, stored);
    }
    return stored;
  }

  put(url: string, stored: StoredAnswer): void {
    this.delete(url);
    if (stored.body.length > this.#maxBytes) return;
    this.#answers.set(url, stored);
    this.#bytes += stored.body.length;
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(url: string): void {
    const stored = this.#answers.get(url);
    if (stored === undefined) return;
    this.#answers.delete(url);
    this.#bytes -= stored.body.length;
  }
}
