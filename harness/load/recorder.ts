import { Histogram } from './histogram.ts';

/** How a request ended: `ok` when its status was expected, otherwise why not. */
export type Ending = 'ok' | '2xx' | '3xx' | '4xx' | '5xx' | 'timeout' | 'refused' | 'reset' | 'other';

/**
 * What is known of an operation's effect: `ok` was acknowledged, `fail` was refused before any effect, `unknown` may
 * or may not have happened (Jepsen's `info`).
 */
export interface Operation {
  key: string;
  name: string;
  outcome: 'ok' | 'fail' | 'unknown';
  dueMs: number;
}

/**
 * What happened to the requests of one name that were due in one second of the run's clock. A slice may come in several
 * parts, because a slow request ends long after its second: parts add up.
 */
export interface SlicePart {
  second: number;
  name: string;
  /** Encoded histograms: from when it was due, and from when it was sent. */
  response: Uint8Array;
  service: Uint8Array;
  endings: Partial<Record<Ending, number>>;
}

/** The first of each kind of trouble, and how often it came. */
export interface Trouble {
  what: string;
  count: number;
  firstMs: number;
}

/**
 * Folds requests into slices of one second by due time. Nothing per request is kept but operations with a key. Names
 * are bounded: beyond the budget they are counted as `other`.
 */
export class Recorder {
  /** Milliseconds between due and sent, of everything since the last `take`. */
  readonly lateness = new Histogram();
  #slices = new Map<number, Map<string, Slice>>();
  #operations: Operation[] = [];
  #names = new Set<string>();
  #troubles = new Map<string, Trouble>();
  #spare: Slice[] = [];
  namesOverBudget = 0;

  /** All times on the run's clock, in milliseconds. */
  request(name: string, dueMs: number, startedMs: number, endedMs: number, ending: Ending): void {
    const second = Math.floor(dueMs / 1_000);
    let byName = this.#slices.get(second);
    if (!byName) {
      byName = new Map();
      this.#slices.set(second, byName);
    }
    const counted = this.#withinBudget(name);
    let slice = byName.get(counted);
    if (!slice) {
      slice = this.#spare.pop() ?? new Slice();
      byName.set(counted, slice);
    }
    slice.response.record(endedMs - dueMs);
    slice.service.record(endedMs - startedMs);
    slice.endings[ending] = (slice.endings[ending] ?? 0) + 1;
  }

  operation(operation: Operation): void {
    this.#operations.push(operation);
  }

  trouble(what: string, tMs: number): void {
    const known = this.#troubles.get(what);
    if (known) known.count++;
    else if (this.#troubles.size < MOST_TROUBLES) this.#troubles.set(what, { what, count: 1, firstMs: tMs });
  }

  /** Hands over everything since the last time, and starts afresh. */
  take(): { slices: SlicePart[]; operations: Operation[]; troubles: Trouble[]; lateness: Uint8Array } {
    const slices: SlicePart[] = [];
    for (const [second, byName] of this.#slices) {
      for (const [name, slice] of byName) {
        const { response, service, endings } = slice;
        slices.push({ second, name, response: response.encode(), service: service.encode(), endings });
        slice.clear();
        this.#spare.push(slice);
      }
    }
    this.#slices = new Map();
    const operations = this.#operations;
    this.#operations = [];
    const troubles = [...this.#troubles.values()];
    this.#troubles = new Map();
    const lateness = this.lateness.encode();
    this.lateness.clear();
    return { slices, operations, troubles, lateness };
  }

  #withinBudget(name: string): string {
    if (this.#names.has(name)) return name;
    if (this.#names.size >= NAME_BUDGET) {
      this.namesOverBudget++;
      return 'other';
    }
    this.#names.add(name);
    return name;
  }
}

class Slice {
  readonly response = new Histogram();
  readonly service = new Histogram();
  endings: Partial<Record<Ending, number>> = {};

  clear(): void {
    this.response.clear();
    this.service.clear();
    this.endings = {};
  }
}

const NAME_BUDGET = 200;
const MOST_TROUBLES = 100;
