import type { Monitor } from './monitor.ts';
import type { ScrapeTarget } from './scrape.ts';

/** What waiting for targets came to. */
export interface UpAndDown {
  up: ScrapeTarget[];
  down: { target: ScrapeTarget; reason: string }[];
}

/** A monitor while a run is on: the embedded one, or a real Prometheus. */
export interface RunMonitor extends Monitor {
  /**
   * Waits until every target has answered once, or `deadlineMs` milliseconds have passed, and says which did. Rejects
   * when the signal aborts.
   */
  waitUntilUp(deadlineMs: number, signal?: AbortSignal): Promise<UpAndDown>;
  /** Resolves when a scrape of every target that began after this call is in. */
  scrapeNow(): Promise<void>;
  stop(): Promise<void>;
}
