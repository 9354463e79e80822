import { holds, type Op } from '../units.ts';

/** One line of the bench's table: a figure, what it was held to, and how it was got. */
export interface BenchResult {
  /** Which case it belongs to, and its own name within all. */
  case: string;
  name: string;
  unit: string;
  /** The median of the samples; null when there is none, and then `skipped` says why. */
  value: number | null;
  samples: number[];
  /** (largest - smallest) / median of the samples. */
  spread?: number;
  /** How it compares with another line: `value` of one over the other, of the medians. */
  ratio?: { to: string; value: number };
  /** Absent for a figure that is only shown. */
  bar?: Bar;
  /** Undefined without a bar; false also when there is a bar and nothing to hold to it. */
  ok?: boolean;
  skipped?: string;
  /** What a reader must know to read it right. */
  note?: string;
  commands: string[];
  versions: Record<string, string>;
  machine: Machine;
  measuredAt: string;
}

/** `of` says which figure is held to it: the value, or its ratio to another line. */
export interface Bar {
  of: 'value' | 'ratio';
  op: Op;
  limit: number;
}

export interface Machine {
  cores: number;
  cpu: string;
  memoryGib: number;
  system: string;
  /** The load average of the minute before, which says how quiet it was. */
  loadBefore: number;
}

/** What a case tells; the rest is made from it. */
export interface Measured {
  name: string;
  unit: string;
  samples: readonly number[];
  ratio?: { to: string; value: number };
  bar?: Bar;
  skipped?: string;
  note?: string;
  commands?: string[];
  versions?: Record<string, string>;
}

export function resultOf(caseName: string, measured: Measured, machine: Machine, measuredAt: string): BenchResult {
  const { name, unit, ratio, bar, skipped, note, commands = [], versions = {} } = measured;
  const samples = [...measured.samples];
  const value = median(samples);
  const result: BenchResult = { case: caseName, name, unit, value, samples, commands, versions, machine, measuredAt };
  const spread = spreadOf(samples);
  if (spread !== undefined) result.spread = spread;
  if (ratio !== undefined) result.ratio = ratio;
  if (bar !== undefined) {
    result.bar = bar;
    result.ok = meets(bar, value, ratio?.value);
  }
  if (skipped !== undefined) result.skipped = skipped;
  if (note !== undefined) result.note = note;
  return result;
}

/** A bar with nothing to hold to it is not met: what was not measured was not shown. */
export function meets(bar: Bar, value: number | null, ratio: number | undefined): boolean {
  const held = bar.of === 'value' ? value : ratio;
  return typeof held === 'number' && Number.isFinite(held) && holds(held, bar.op, bar.limit);
}

export function median(samples: readonly number[]): number | null {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  if (upper === undefined) return null;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? upper) + upper) / 2 : upper;
}

/** The median of the rounds' own ratios: what disturbs both sides of a pair at once falls out. */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): number | undefined {
  const ratios = ours.flatMap((value, round) => {
    const other = theirs[round];
    return other === undefined || other === 0 ? [] : [value / other];
  });
  return median(ratios) ?? undefined;
}

function spreadOf(samples: readonly number[]): number | undefined {
  const middle = median(samples);
  if (samples.length < 2 || !middle) return undefined;
  return (Math.max(...samples) - Math.min(...samples)) / middle;
}
