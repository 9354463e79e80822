/**
 * The run's clock. All processes of a run on one machine read the same monotonic clock (CLOCK_MONOTONIC through
 * `process.hrtime`, which `performance.now` is an offset of), so a time stamped by an agent needs no translation.
 */
export interface RunClock {
  /** Milliseconds since the run began; monotonic, fractional. */
  nowMs(): number;
  /** Wall-clock time of a moment of the run, in epoch milliseconds. */
  epochOf(tMs: number): number;
  /** What another process on this machine needs to read the same clock. */
  readonly zero: ClockZero;
}

/** `monotonicMs` is the machine's monotonic clock at the run's zero, `epochMs` the wall clock at that moment. */
export interface ClockZero {
  monotonicMs: number;
  epochMs: number;
}

/** Starts a clock: its zero is now. */
export function startClock(): RunClock {
  return joinClock({ monotonicMs: monotonicMs(), epochMs: Date.now() });
}

/** Reads a clock that another process of this machine started. */
export function joinClock(zero: ClockZero): RunClock {
  // performance.now() is several times cheaper than hrtime and runs on the same clock, so their distance is constant.
  const offsetMs = monotonicMs() - performance.now() - zero.monotonicMs;
  return {
    zero,
    nowMs: () => performance.now() + offsetMs,
    epochOf: (tMs) => zero.epochMs + tMs,
  };
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Waits until a time on the run's clock, or rejects when the signal aborts. */
export function sleepUntil(clock: Pick<RunClock, 'nowMs'>, tMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      },
      Math.max(0, tMs - clock.nowMs()),
    );
    signal?.addEventListener('abort', stop, { once: true });
  });
}
