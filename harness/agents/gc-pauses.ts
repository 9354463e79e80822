import { PerformanceObserver } from 'node:perf_hooks';

/** Pauses that garbage collection made, as the runtime tells them: lateness that no plan can avoid. */
export class GcPauses {
  #maxMs = 0;
  #totalMs = 0;

  constructor() {
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        this.#totalMs += duration;
        if (duration > this.#maxMs) this.#maxMs = duration;
      }
    }).observe({ entryTypes: ['gc'] });
  }

  /** Since the last time. */
  take(): { gcMaxMs: number; gcTotalMs: number } {
    const taken = { gcMaxMs: round(this.#maxMs), gcTotalMs: round(this.#totalMs) };
    this.#maxMs = 0;
    this.#totalMs = 0;
    return taken;
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
