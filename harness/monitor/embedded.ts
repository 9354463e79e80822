import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { seriesText, startRecording } from './recording.ts';
import type { RunMonitor, UpAndDown } from './run-monitor.ts';
import { type ScrapeContext, type ScrapeResult, type ScrapeTarget, TargetScraper } from './scrape.ts';
import { SeriesStore } from './store.ts';
import { monitorOf, type QueryOptions } from './store-monitor.ts';

export type { ScrapeTarget } from './scrape.ts';

/** A scrape that should have been and was not, or failed. `tMs` is epoch milliseconds. */
export interface ScrapeGap {
  job: string;
  url: string;
  tMs: number;
  reason: string;
}

export interface EmbeddedMonitorOptions extends QueryOptions {
  targets: readonly ScrapeTarget[];
  intervalMs: number;
  /** At most `intervalMs`, or scrapes of one target would wait for each other. */
  timeoutMs: number;
  /** Epoch milliseconds; the run's clock, so that samples and faults share one timeline. */
  nowMs: () => number;
  /** The path of metrics.om; the file must not exist yet. */
  recordTo?: string;
  onGap?: (gap: ScrapeGap) => void;
  /** Default 60 million, about 1 GB. */
  maxSamples?: number;
}

export interface EmbeddedMonitor extends RunMonitor {
  readonly store: SeriesStore;
  /** Starts scraping more targets. Those it scrapes already are left as they are. */
  addTargets(targets: readonly ScrapeTarget[]): void;
  /** Scrapes every target once, all at the same time, and resolves when all samples are in. */
  scrapeNow(): Promise<void>;
  /** Scrapes until every target has answered once. Failures while it waits are no gaps: the targets are starting. */
  waitUntilUp(deadlineMs: number, signal?: AbortSignal): Promise<UpAndDown>;
  /** Stores and records a sample that was not scraped: what a rule gave. An undefined value ends the series. */
  write(labels: Readonly<Record<string, string>>, tMs: number, value: number | undefined): void;
  /** Lets every scrape fail, for so long at most: a fault on the harness itself. */
  cutOff(ttlMs: number): void;
  /** Scrapes again. */
  restore(): void;
  isCutOff(): boolean;
  /** How many gaps there have been. */
  gaps(): number;
  /** Stops scraping, ends the recording, closes the connections. Queries are still answered. */
  stop(): Promise<void>;
}

/** Scrapes Prometheus endpoints into memory and answers PromQL from there. Throws StampedeError when it cannot record. */
export function startEmbeddedMonitor(options: EmbeddedMonitorOptions): EmbeddedMonitor {
  const { intervalMs, timeoutMs, nowMs } = options;
  if (!(intervalMs > 0 && timeoutMs > 0 && timeoutMs <= intervalMs)) {
    throw new RangeError(`expected 0 < timeoutMs <= intervalMs, got ${timeoutMs} and ${intervalMs}`);
  }
  const store = new SeriesStore(options);
  const recording = options.recordTo === undefined ? undefined : startRecording(options.recordTo);
  const dispatcher = new Agent({ keepAliveTimeout: 10 * intervalMs + 1_000 });
  let cutOffUntilMs = 0;
  const isCutOff = () => performance.now() < cutOffUntilMs;
  const context: ScrapeContext = { store, recording, dispatcher, timeoutMs, nowMs, cutOff: isCutOff };
  const stopping = new AbortController();
  const startedMs = nowMs();
  const loops: TargetLoop[] = [];
  let gapCount = 0;
  let waiting = 0;

  const onGap = (target: ScrapeTarget, tMs: number, reason: string) => {
    if (waiting > 0 || stopping.signal.aborted) return;
    gapCount++;
    options.onGap?.({ job: target.job, url: target.url, tMs, reason });
  };
  const addTargets = (targets: readonly ScrapeTarget[]) => {
    for (const target of targets) {
      if (loops.some((loop) => isSame(loop.target, target))) continue;
      // Multiples of the golden ratio spread any number of targets evenly over the interval, late comers too.
      const offsetMs = (((loops.length + 1) * 0.618_033_988_75) % 1) * intervalMs;
      const firstMs = startedMs + offsetMs;
      loops.push(new TargetLoop(target, context, { firstMs, intervalMs, signal: stopping.signal, onGap }));
    }
  };
  const waitUntilUp: EmbeddedMonitor['waitUntilUp'] = async (deadlineMs, signal) => {
    const untilMs = nowMs() + deadlineMs;
    waiting++;
    try {
      await Promise.all(loops.map((loop) => loop.scrapeUntilUp(untilMs, signal)));
    } finally {
      waiting--;
    }
    return {
      up: loops.filter((loop) => loop.hasAnswered).map((loop) => loop.target),
      down: loops
        .filter((loop) => !loop.hasAnswered)
        .map(({ target, lastReason }) => ({ target, reason: lastReason ?? `no answer within ${deadlineMs} ms` })),
    };
  };
  const shutDown = async () => {
    stopping.abort();
    await Promise.all(loops.map((loop) => loop.idle()));
    await dispatcher.close();
    await recording?.close();
  };
  let stopped: Promise<void> | undefined;

  addTargets(options.targets);
  return {
    ...monitorOf(store, options),
    store,
    addTargets,
    waitUntilUp,
    write(labels, tMs, value) {
      const series = store.series(labels);
      const isNew = value === undefined ? store.appendStale(series, tMs) : store.append(series, tMs, value);
      if (isNew) recording?.add(seriesText(labels), tMs, value);
    },
    cutOff(ttlMs) {
      cutOffUntilMs = performance.now() + ttlMs;
    },
    restore() {
      cutOffUntilMs = 0;
    },
    isCutOff,
    gaps: () => gapCount,
    async scrapeNow() {
      await Promise.all(loops.map((loop) => loop.scrape()));
    },
    stop() {
      stopped ??= shutDown();
      return stopped;
    },
  };
}

interface LoopOptions {
  /** When the first scrape is due; the others follow every `intervalMs`. */
  firstMs: number;
  intervalMs: number;
  signal: AbortSignal;
  onGap: (target: ScrapeTarget, tMs: number, reason: string) => void;
}

/** Scrapes one target at fixed times, never twice at once. */
class TargetLoop {
  readonly target: ScrapeTarget;
  hasAnswered = false;
  /** Why the last scrape failed; undefined when it did not. */
  lastReason: string | undefined;
  readonly #scraper: TargetScraper;
  readonly #options: LoopOptions;
  readonly #nowMs: () => number;
  /** Settles when nothing is in flight. */
  #last: Promise<void> = Promise.resolve();
  #inFlight = 0;
  /** The scheduled one among them. */
  #scheduled: Promise<void> | undefined;

  constructor(target: ScrapeTarget, context: ScrapeContext, options: LoopOptions) {
    this.target = target;
    this.#scraper = new TargetScraper(target, context);
    this.#options = options;
    this.#nowMs = context.nowMs;
    const sinceFirst = Math.max(0, this.#nowMs() - options.firstMs);
    this.#schedule(options.firstMs + Math.ceil(sinceFirst / options.intervalMs) * options.intervalMs);
  }

  /** One scrape, after the one in flight if there is one. */
  scrape(): Promise<void> {
    this.#inFlight++;
    this.#last = this.#last.then(async () => {
      if (!this.#options.signal.aborted) this.#note(await this.#scraper.scrape(this.#options.signal));
      this.#inFlight--;
    });
    return this.#last;
  }

  /** Scrapes until the target has answered once, or a time has come. */
  async scrapeUntilUp(untilMs: number, signal: AbortSignal | undefined): Promise<void> {
    while (!this.hasAnswered && this.#nowMs() < untilMs) {
      signal?.throwIfAborted();
      await until(this.scrape(), untilMs - this.#nowMs(), signal);
      if (!this.hasAnswered) await until(sleep(100), untilMs - this.#nowMs(), signal);
    }
  }

  idle(): Promise<void> {
    return this.#last;
  }

  #note(result: ScrapeResult | undefined): void {
    if (result === undefined) return;
    if (result.ok) {
      this.hasAnswered = true;
      this.lastReason = undefined;
      return;
    }
    this.lastReason = result.reason;
    this.#options.onGap(this.target, result.tMs, result.reason);
  }

  #schedule(dueMs: number): void {
    const { signal, intervalMs, onGap } = this.#options;
    if (signal.aborted) return;
    const stop = () => clearTimeout(timer);
    const timer = setTimeout(
      () => {
        signal.removeEventListener('abort', stop);
        const nowMs = this.#nowMs();
        // A process that stood still wakes up late; what it slept through is missing from the data.
        const missed = Math.max(0, Math.floor((nowMs - dueMs) / intervalMs));
        for (let i = 0; i < missed; i++) onGap(this.target, dueMs + i * intervalMs, 'the monitor was not running');
        // A scrape that somebody asked for and that is in flight now is this one too.
        if (this.#scheduled !== undefined) onGap(this.target, nowMs, 'the scrape before was still running');
        else if (this.#inFlight === 0) {
          this.#scheduled = this.scrape().finally(() => {
            this.#scheduled = undefined;
          });
        }
        this.#schedule(dueMs + (missed + 1) * intervalMs);
      },
      Math.max(0, dueMs - this.#nowMs()),
    );
    signal.addEventListener('abort', stop, { once: true });
  }
}

/** Waits for work, but not longer than a time; the work goes on. Rejects when the signal aborts. */
async function until(work: Promise<unknown>, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const done = new AbortController();
  const limit = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
  try {
    await Promise.race([work, sleep(Math.max(0, ms), undefined, { signal: limit })]);
  } finally {
    done.abort();
  }
}

function isSame(a: ScrapeTarget, b: ScrapeTarget): boolean {
  const text = ({ job, url, labels }: ScrapeTarget) => JSON.stringify([job, url, Object.entries(labels).sort()]);
  return text(a) === text(b);
}
