/**
 * A log-linear histogram of latencies in fixed memory, after Gil Tene's HdrHistogram: whole microseconds, 64 linear
 * steps in every power of two. A bucket is at most 1/64 of its value wide and is read at its middle, so a quantile is
 * within 0.8 % of the truth from 64 microseconds up, and within half a microsecond below. Merging adds counts: it is
 * exact and does not depend on order.
 */
export class Histogram {
  count = 0;
  /** Exact, in milliseconds. */
  maxMs = 0;
  sumMs = 0;
  readonly #counts = new Uint32Array(BUCKETS);

  /** Values below zero count as zero, those above ten minutes as ten minutes. */
  record(ms: number): void {
    const index = bucketOf(ms);
    this.#counts[index] = at(this.#counts, index) + 1;
    this.count++;
    this.sumMs += ms;
    if (ms > this.maxMs) this.maxMs = ms;
  }

  merge(other: Histogram): void {
    const theirs = other.#counts;
    for (let index = 0; index < BUCKETS; index++) this.#counts[index] = at(this.#counts, index) + at(theirs, index);
    this.#mergeTotals(other.count, other.sumMs, other.maxMs);
  }

  clear(): void {
    this.#counts.fill(0);
    this.count = 0;
    this.maxMs = 0;
    this.sumMs = 0;
  }

  /** The value in milliseconds below or at which a share `q` (0..1) of the samples lies; null without samples. */
  quantile(q: number): number | null {
    if (this.count === 0) return null;
    const rank = Math.max(1, Math.ceil(q * this.count));
    if (rank >= this.count) return this.maxMs;
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += at(this.#counts, index);
      if (seen >= rank) return Math.min(middleMs(index), this.maxMs);
    }
    return this.maxMs;
  }

  /** How many samples were above a latency, to the resolution of its bucket. */
  countAbove(ms: number): number {
    let above = 0;
    for (let index = bucketOf(ms) + 1; index < BUCKETS; index++) above += at(this.#counts, index);
    return above;
  }

  /** How many samples were at or below each of some ascending bounds: the classic buckets of Prometheus. */
  cumulative(boundsMs: readonly number[]): number[] {
    const below: number[] = [];
    let seen = 0;
    let index = 0;
    for (const bound of boundsMs) {
      for (; index < BUCKETS && middleMs(index) <= bound; index++) seen += at(this.#counts, index);
      below.push(seen);
    }
    return below;
  }

  /** Few bytes for few samples: count, sum, max, then pairs of (buckets skipped, count) as LEB128 integers. */
  encode(): Uint8Array {
    const out = new Bytes();
    out.integer(this.count);
    out.integer(Math.round(this.sumMs * 1_000));
    out.integer(Math.round(this.maxMs * 1_000));
    let last = -1;
    for (let index = 0; index < BUCKETS; index++) {
      const count = at(this.#counts, index);
      if (count === 0) continue;
      out.integer(index - last - 1);
      out.integer(count);
      last = index;
    }
    return out.done();
  }

  /** Adds what another histogram encoded. Throws a RangeError when the bytes are not one. */
  mergeEncoded(bytes: Uint8Array): void {
    let offset = 0;
    const integer = (): number => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes[offset++];
        if (byte === undefined)
          throw new RangeError(`a histogram ends in the middle of a number, at byte ${offset - 1}`);
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
    };
    const count = integer();
    const sumMs = integer() / 1_000;
    const maxMs = integer() / 1_000;
    let index = -1;
    while (offset < bytes.length) {
      index += integer() + 1;
      if (index >= BUCKETS) throw new RangeError(`a histogram names bucket ${index} of ${BUCKETS}`);
      this.#counts[index] = at(this.#counts, index) + integer();
    }
    this.#mergeTotals(count, sumMs, maxMs);
  }

  #mergeTotals(count: number, sumMs: number, maxMs: number): void {
    this.count += count;
    this.sumMs += sumMs;
    if (maxMs > this.maxMs) this.maxMs = maxMs;
  }
}

const LINEAR_BITS = 6;
const MAX_MICROS = 600_000_000;
const BUCKETS = indexOf(MAX_MICROS) + 1;

function bucketOf(ms: number): number {
  const micros = Math.round(ms * 1_000);
  return indexOf(micros > MAX_MICROS ? MAX_MICROS : Math.max(micros, 0));
}

/** Below 128 a value is its own bucket; above, the seven leading bits and the exponent make the index. */
function indexOf(micros: number): number {
  const exponent = Math.max(0, 31 - LINEAR_BITS - Math.clz32(micros));
  return (exponent << LINEAR_BITS) + (micros >> exponent);
}

function middleMs(index: number): number {
  const exponent = Math.max(0, (index >> LINEAR_BITS) - 1);
  const low = (index - (exponent << LINEAR_BITS)) * 2 ** exponent;
  // A bucket holds the whole numbers low to low + 2^exponent - 1.
  return (low + (2 ** exponent - 1) / 2) / 1_000;
}

function at(counts: Uint32Array, index: number): number {
  return counts[index] ?? 0;
}

/** A growing byte string. */
class Bytes {
  #buffer = new Uint8Array(64);
  #length = 0;

  integer(value: number): void {
    let rest = value;
    do {
      if (this.#length === this.#buffer.length) {
        const grown = new Uint8Array(this.#buffer.length * 2);
        grown.set(this.#buffer);
        this.#buffer = grown;
      }
      const low = rest % 128;
      rest = (rest - low) / 128;
      this.#buffer[this.#length++] = rest > 0 ? low + 128 : low;
    } while (rest > 0);
  }

  done(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }
}
