/**
 * What users see of a server whose behaviour is known. Pure, so that it can be tested on cases done by hand. Times are
 * milliseconds from the first moment of the load's schedule.
 */
export interface Behaviour {
  /** An answer takes between these, each value in between as often as any other. */
  fromMs: number;
  toMs: number;
  /** Every so often, for so long, nothing is answered; what was due then is answered at the end, in order. */
  stallEveryMs: number;
  stallMs: number;
}

/** When a request was there, and when its answer was written. */
export interface Served {
  arrivedMs: number;
  writtenMs: number;
}

export interface Truth {
  count: number;
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
}

/** What the server's n-th answer takes, stalls aside: a sequence that fills the range evenly (Weyl's, golden ratio). */
export function delayOf(n: number, { fromMs, toMs }: Behaviour): number {
  return fromMs + (toMs - fromMs) * ((n * 0.618_033_988_749_895) % 1);
}

/** When an answer that would be due at a time may go out; `sinceMs` is from the first request on. */
export function releaseOf(sinceMs: number, { stallEveryMs, stallMs }: Behaviour): number {
  const turn = Math.floor(sinceMs / stallEveryMs);
  const stallEndsMs = turn * stallEveryMs + stallMs;
  return turn > 0 && sinceMs < stallEndsMs ? stallEndsMs : sinceMs;
}

/** What an even stream of arrivals would see, computed and not measured. */
export function plannedTruth(ratePerSec: number, seconds: number, behaviour: Behaviour): Truth {
  const latencies = Array.from({ length: ratePerSec * seconds }, (_, n) => {
    const dueMs = (n / ratePerSec) * 1_000;
    return releaseOf(dueMs + delayOf(n, behaviour), behaviour) - dueMs;
  });
  return truthFrom(latencies);
}

/**
 * What the users of an even schedule saw, from what the server wrote down. The n-th to arrive is the n-th of the
 * schedule; the schedule lies as early as the arrivals allow, so a client that falls behind is late in it. That is
 * latency its users saw, whatever it reports itself.
 */
export function recordedTruth(served: readonly Served[], ratePerSec: number): Truth {
  const everyMs = 1_000 / ratePerSec;
  const zeroMs = served.reduce((least, { arrivedMs }, n) => Math.min(least, arrivedMs - n * everyMs), Infinity);
  const latencies = served.map(({ writtenMs }, n) => writtenMs - (zeroMs + n * everyMs));
  // What a tool gave up at its end has no answer, and is in no report.
  return truthFrom(latencies.filter((latency) => !Number.isNaN(latency)));
}

function truthFrom(latenciesMs: number[]): Truth {
  const sorted = latenciesMs.sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? Number.NaN;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: at(1) };
}

/** How far a tool's quantiles are from the truth: the worst of those it tells, as a share, and its maximum in ms. */
export function errorsOf(
  told: { p50Ms?: number; p99Ms?: number; p999Ms?: number; maxMs?: number },
  truth: Truth,
): { worst: number; maxErrorMs: number | undefined } {
  const { maxMs, ...quantiles } = told;
  const errors = (['p50Ms', 'p99Ms', 'p999Ms'] as const).flatMap((key) => {
    const value = quantiles[key];
    return value === undefined ? [] : [Math.abs(value - truth[key]) / truth[key]];
  });
  return {
    worst: errors.length === 0 ? Number.NaN : Math.max(...errors),
    maxErrorMs: maxMs === undefined ? undefined : Math.abs(maxMs - truth.maxMs),
  };
}
