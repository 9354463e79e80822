interface Entry {
  value: Buffer;
  /** Infinity when it does not end by itself. */
  endsAtMs: number;
}

/** What an entry costs beside its key and value: a Map slot, the object, two headers of buffers. A fair guess. */
const ENTRY_BYTES = 160;

/** Strings with an optional end, bounded in bytes: what was used longest ago makes room for what is new. */
export class LruStore {
  readonly #maxBytes: number;
  readonly #nowMs: () => number;
  /** In order of use: the first one was used longest ago. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #evicted = 0;

  constructor(maxBytes: number, nowMs: () => number) {
    this.#maxBytes = maxBytes;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get evicted(): number {
    return this.#evicted;
  }

  get(key: string): Buffer | undefined {
    const entry = this.#live(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  has(key: string): boolean {
    return this.#live(key) !== undefined;
  }

  set(key: string, value: Buffer, endsAtMs = Number.POSITIVE_INFINITY): void {
    this.delete(key);
    // A copy: the value is a slice of what came over the wire, and would keep all of that alive.
    this.#entries.set(key, { value: Buffer.from(value), endsAtMs });
    this.#bytes += cost(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
      this.#evicted++;
    }
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    this.#bytes -= cost(key, entry.value);
    return entry.endsAtMs > this.#nowMs();
  }

  /** False when there is no such key. */
  expireAt(key: string, endsAtMs: number): boolean {
    const entry = this.#live(key);
    if (entry === undefined) return false;
    entry.endsAtMs = endsAtMs;
    return true;
  }

  /** Milliseconds left, Infinity without an end, `undefined` without the key. */
  leftMs(key: string): number | undefined {
    const entry = this.#live(key);
    return entry === undefined ? undefined : entry.endsAtMs - this.#nowMs();
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.endsAtMs > this.#nowMs()) return entry;
    this.delete(key);
    return undefined;
  }
}

function cost(key: string, value: Buffer): number {
  return ENTRY_BYTES + 2 * key.length + value.length;
}
