import type { VerdictWindow } from './verdict.ts';

/** What became of one fault, on the run's clock, in milliseconds. */
export interface FaultLife {
  name: string;
  requestedMs: number;
  appliedMs?: number;
  provenMs?: number;
  undoRequestedMs?: number;
  cleanMs?: number;
}

export interface WindowInput {
  loadFromMs: number;
  loadToMs: number;
  warmUpMs: number;
  /** Longest time after a fault that counts as its recovery. */
  recoveryMs: number;
  faults: FaultLife[];
  /** When the system was itself again after a fault; undefined when it never was, or nobody could tell. */
  recoveredMs: (fault: string) => number | undefined;
}

/**
 * Cuts the run into windows of whole seconds. A second that a fault touched, even for a moment, belongs to that fault:
 * so nothing a fault did is left to steady time, and steady, fault and recovery add up to the judged time. `whole` is
 * the load from first to last second, warm-up left out like everywhere.
 */
export function cutWindows(input: WindowInput): VerdictWindow[] {
  const from = ceilSecond(input.loadFromMs + input.warmUpMs);
  const to = floorSecond(input.loadToMs);
  const windows: VerdictWindow[] = [];
  const taken: Span[] = [];
  const faults = [...input.faults].sort((a, b) => a.requestedMs - b.requestedMs);
  for (const [index, fault] of faults.entries()) {
    if (fault.appliedMs === undefined) continue;
    const ended = ceilSecond(fault.cleanMs ?? to);
    const span = clip({ fromMs: floorSecond(fault.appliedMs), toMs: ended }, from, to);
    windows.push({ name: `fault:${fault.name}`, kind: 'fault', spans: span });
    taken.push(...span);
    if (fault.cleanMs === undefined) continue;
    // A recovery ends when the system is itself again, when its time is up, or when the next fault begins.
    const recovered = input.recoveredMs(fault.name);
    const next = faults.slice(index + 1).find((other) => other.requestedMs >= (fault.cleanMs ?? 0));
    const limits = [
      ended + input.recoveryMs,
      recovered ?? Number.POSITIVE_INFINITY,
      next?.requestedMs ?? Number.POSITIVE_INFINITY,
    ];
    const recovery = clip(
      { fromMs: ended, toMs: Math.max(ended + MIN_RECOVERY_MS, ceilSecond(Math.min(...limits))) },
      from,
      to,
    );
    const own = subtract(
      recovery,
      windows.filter((window) => window.kind === 'fault').flatMap((window) => window.spans),
    );
    windows.push({ name: `recovery:${fault.name}`, kind: 'recovery', spans: own });
    taken.push(...own);
  }
  const whole = clip({ fromMs: from, toMs: to }, from, to);
  return [
    { name: 'steady', kind: 'steady', spans: subtract(whole, taken) },
    ...windows,
    { name: 'whole', kind: 'whole', spans: whole },
  ];
}

/** Even an instant recovery gets a few seconds, so that there is something to judge. */
const MIN_RECOVERY_MS = 5_000;

interface Span {
  fromMs: number;
  toMs: number;
}

export function lengthMs(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + span.toMs - span.fromMs, 0);
}

/** The seconds of some spans, as indexes of the run's clock. */
export function secondsOf(spans: readonly Span[]): number[] {
  return spans.flatMap(({ fromMs, toMs }) =>
    Array.from({ length: Math.max(0, Math.round((toMs - fromMs) / 1_000)) }, (_, index) => fromMs / 1_000 + index),
  );
}

function clip(span: Span, fromMs: number, toMs: number): Span[] {
  const clipped = { fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) };
  return clipped.toMs > clipped.fromMs ? [clipped] : [];
}

function subtract(spans: readonly Span[], holes: readonly Span[]): Span[] {
  return holes.reduce<Span[]>(
    (left, hole) =>
      left.flatMap((span) =>
        hole.toMs <= span.fromMs || hole.fromMs >= span.toMs
          ? [span]
          : [
              ...(hole.fromMs > span.fromMs ? [{ fromMs: span.fromMs, toMs: hole.fromMs }] : []),
              ...(hole.toMs < span.toMs ? [{ fromMs: hole.toMs, toMs: span.toMs }] : []),
            ],
      ),
    [...spans],
  );
}

function floorSecond(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

function ceilSecond(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}
