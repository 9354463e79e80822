import { Histogram } from './histogram.ts';
import type { FailureKind } from './user.ts';

/** How a request ended: `ok` when its status was expected, otherwise why not. Checks and groups: `ok` or `failed`. */
export type Ending = 'ok' | '2xx' | '3xx' | '4xx' | '5xx' | 'failed' | FailureKind;

/**
 * What a slice counts: requests by their name; the same requests once more by a tag; checks, which take no time; groups
 * of steps.
 */
export type SliceKind = 'request' | 'tagged' | 'check' | 'group';

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
  kind: SliceKind;
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
  /** Where the first one was thrown, when a flow threw it. */
  stack?: string;
}

/**
 * Folds requests into slices of one second by due time. Nothing per request is kept but operations with a key. Names
 * are bounded: beyond the budget they are counted as `other`, and the first of those is told.
 */
export class Recorder {
  /** Milliseconds between due and sent, of everything since the last `take`. */
  readonly lateness = new Histogram();
  #slices = new Map<number, Map<string, Slice>>();
  /** The slices of the second that was written to last, which is nearly always the next one too. */
  #second = -1;
  #bySecond = new Map<string, Slice>();
  #operations: Operation[] = [];
  readonly #names = new Set<string>();
  #troubles = new Map<string, Trouble>();
  readonly #spare: Slice[] = [];
  #firstOver: string | undefined;

  /** All times on the run's clock, in milliseconds. */
  request(
    name: string,
    dueMs: number,
    startedMs: number,
    endedMs: number,
    ending: Ending,
    kind: SliceKind = 'request',
  ): void {
    const second = Math.floor(dueMs / 1_000);
    if (second !== this.#second) this.#turnTo(second);
    const key = kind === 'request' ? name : `${kind} ${name}`;
    const slice = this.#bySecond.get(key) ?? this.#openSlice(kind, name, key, dueMs);
    slice.response.record(endedMs - dueMs);
    slice.service.record(endedMs - startedMs);
    slice.endings[ending] = (slice.endings[ending] ?? 0) + 1;
  }

  check(name: string, held: boolean, tMs: number): void {
    this.request(name, tMs, tMs, tMs, held ? 'ok' : 'failed', 'check');
  }

  operation(operation: Operation): void {
    this.#operations.push(operation);
  }

  trouble(what: string, tMs: number, stack?: string): void {
    const known = this.#troubles.get(what);
    if (known) known.count++;
    else if (this.#troubles.size < MOST_TROUBLES)
      this.#troubles.set(what, { what, count: 1, firstMs: tMs, ...(stack === undefined ? {} : { stack }) });
  }

  /** Hands over everything since the last time, and starts afresh. */
  take(): { slices: SlicePart[]; operations: Operation[]; troubles: Trouble[]; lateness: Uint8Array } {
    const slices: SlicePart[] = [];
    for (const [second, byName] of this.#slices) {
      for (const slice of byName.values()) {
        const { kind, name, response, service, endings } = slice;
        slices.push({ second, kind, name, response: response.encode(), service: service.encode(), endings });
        slice.clear();
        this.#spare.push(slice);
      }
    }
    this.#slices = new Map();
    this.#second = -1;
    const operations = this.#operations;
    this.#operations = [];
    const troubles = [...this.#troubles.values()];
    this.#troubles = new Map();
    const lateness = this.lateness.encode();
    this.lateness.clear();
    return { slices, operations, troubles, lateness };
  }

  #turnTo(second: number): void {
    let bySecond = this.#slices.get(second);
    if (!bySecond) {
      bySecond = new Map();
      this.#slices.set(second, bySecond);
    }
    this.#second = second;
    this.#bySecond = bySecond;
  }

  #openSlice(kind: SliceKind, name: string, key: string, tMs: number): Slice {
    if (!this.#names.has(key)) {
      if (this.#names.size >= NAME_BUDGET) {
        // Told once: each further name would be a trouble of its own.
        this.#firstOver ??= name;
        const what = `more than ${NAME_BUDGET} names of requests, checks and groups: '${this.#firstOver}' and all later ones are counted as 'other'`;
        this.trouble(what, tMs);
        return this.#other(kind);
      }
      this.#names.add(key);
    }
    return this.#newSlice(kind, name, key);
  }

  #other(kind: SliceKind): Slice {
    const key = kind === 'request' ? OTHER : `${kind} ${OTHER}`;
    return this.#bySecond.get(key) ?? this.#newSlice(kind, OTHER, key);
  }

  #newSlice(kind: SliceKind, name: string, key: string): Slice {
    const slice = this.#spare.pop() ?? new Slice();
    slice.kind = kind;
    slice.name = name;
    this.#bySecond.set(key, slice);
    return slice;
  }
}

class Slice {
  kind: SliceKind = 'request';
  name = '';
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
const OTHER = 'other';
const MOST_TROUBLES = 100;
