import type { Span } from './ast.ts';
import type { PromqlError } from './error.ts';

/** 9 bytes each: what a query may hold in memory while it runs. */
const MAX_HELD = 50_000_000;

export const DEFAULT_MAX_SAMPLES = 250_000_000;

/** Counts what one query reads and holds. A query that would pass a limit is refused before it takes time or memory. */
export class Budget {
  readonly #maxSamples: number;
  readonly #error: (where: Span, problem: string) => PromqlError;
  #read = 0;
  #held = 0;

  constructor(maxSamples: number, error: (where: Span, problem: string) => PromqlError) {
    this.#maxSamples = maxSamples;
    this.#error = error;
  }

  /** Samples that are about to be read; a window that overlaps the one before reads its samples again. */
  read(samples: number, series: number, where: Span): void {
    this.#read += samples;
    if (this.#read <= this.#maxSamples) return;
    throw this.#error(
      where,
      `the query would read about ${count(this.#read)} samples (here ${count(samples)} of ${count(series)} series), at most ${count(this.#maxSamples)} are allowed; ask for fewer series, a shorter range or a longer step`,
    );
  }

  /** Values that are about to be computed: so many series at so many times. */
  hold(series: number, times: number, where: Span): void {
    this.#held += series * times;
    if (this.#held <= MAX_HELD) return;
    throw this.#error(
      where,
      `${count(series)} series at ${count(times)} times bring the query to ${count(this.#held)} values, at most ${count(MAX_HELD)} are allowed; ask for fewer series or a longer step`,
    );
  }
}

function count(amount: number): string {
  return Math.round(amount).toLocaleString('en-US');
}
