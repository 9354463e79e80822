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

/** Interpolates between the two nearest ranks, as PromQL does. Sorts the list it is given. */
export function quantile(q: number, list: number[]): number {
  if (list.length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  // NaN is smaller than any number here.
  list.sort((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b));
  const rank = q * (list.length - 1);
  const lower = Math.floor(rank);
  const upper = Math.min(list.length - 1, lower + 1);
  const weight = rank - lower;
  return (list[lower] ?? 0) * (1 - weight) + (list[upper] ?? 0) * weight;
}
