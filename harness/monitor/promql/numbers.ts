import type { Semantics } from './semantics.ts';

/**
 * Sums whose rounding errors do not add up (Neumaier's variant of Kahan's summation, the one in Prometheus 3), many at
 * once.
 */
export class SumWithCompensation {
  readonly #sums: Float64Array;
  readonly #lost: Float64Array;

  constructor(size: number) {
    this.#sums = new Float64Array(size);
    this.#lost = new Float64Array(size);
  }

  add(index: number, value: number): void {
    const sum = this.#sums[index] ?? 0;
    const next = sum + value;
    if (next === Number.POSITIVE_INFINITY || next === Number.NEGATIVE_INFINITY) {
      this.#lost[index] = 0;
    } else {
      const lost = Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      this.#lost[index] = (this.#lost[index] ?? 0) + lost;
    }
    this.#sums[index] = next;
  }

  value(index: number): number {
    const sum = this.#sums[index] ?? 0;
    return Number.isFinite(sum) ? sum + (this.#lost[index] ?? 0) : sum;
  }
}

/** Sums as Prometheus 2 has them, many at once. */
export class PlainSum {
  readonly #sums: Float64Array;

  constructor(size: number) {
    this.#sums = new Float64Array(size);
  }

  add(index: number, value: number): void {
    this.#sums[index] = (this.#sums[index] ?? 0) + value;
  }

  value(index: number): number {
    return this.#sums[index] ?? 0;
  }
}

/** Means, many at once: a sum by the count, or, once the sum is too large for a number, moved a step a value. */
export class Mean {
  readonly #sums: SumWithCompensation;
  readonly #counts: Float64Array;
  /** Of the few whose sum ran over. */
  readonly #means = new Map<number, number>();

  constructor(size: number) {
    this.#sums = new SumWithCompensation(size);
    this.#counts = new Float64Array(size);
  }

  add(index: number, value: number): void {
    const count = (this.#counts[index] ?? 0) + 1;
    this.#counts[index] = count;
    const mean = this.#means.get(index);
    if (mean !== undefined) {
      this.#means.set(index, movedMean(mean, value, count));
      return;
    }
    const before = this.#sums.value(index);
    this.#sums.add(index, value);
    const runsOver = Number.isFinite(before) && Number.isFinite(value) && !Number.isFinite(this.#sums.value(index));
    if (runsOver) this.#means.set(index, movedMean(before / (count - 1), value, count));
  }

  value(index: number): number {
    return this.#means.get(index) ?? this.#sums.value(index) / (this.#counts[index] ?? 1);
  }
}

/** The mean after one more value, which is the `count`th. An infinite mean stays what it is unless the value says no. */
export function movedMean(mean: number, value: number, count: number): number {
  if (!Number.isFinite(mean) && !Number.isNaN(mean) && (Number.isFinite(value) || value === mean)) return mean;
  return mean + (value / count - mean / count);
}

/** Interpolates between the two nearest ranks, as PromQL does. Sorts the list it is given. */
export function quantile(q: number, list: number[], semantics: Semantics): number {
  if (list.length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  // NaN is smaller than any number here.
  list.sort((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b));
  const rank = q * (list.length - 1);
  const lower = Math.floor(rank);
  const upper = Math.min(list.length - 1, lower + 1);
  const weight = rank - lower;
  // Prometheus 2 multiplies the neighbour by 0, which makes NaN of an infinite one.
  if (weight === 0 && semantics === 'v3') return list[lower] ?? 0;
  return (list[lower] ?? 0) * (1 - weight) + (list[upper] ?? 0) * weight;
}

/** A number as Go prints it without an exponent: what count_values writes into a label. */
export function formatGo(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const text = Object.is(value, -0) ? '-0' : String(value);
  const [, sign = '', whole = '', fraction = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const shift = Number(exponent);
  const digits = whole + fraction;
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - 1)}${digits}`;
  return sign + digits.padEnd(shift + 1, '0');
}
