import { totalmem } from 'node:os';
import { EXIT, StampedeError } from '../errors.ts';
import { LabelSet } from './labels.ts';
import type { Matcher } from './promql/ast.ts';
import { matcherTest } from './promql/matcher.ts';
import type { SeriesSource, SeriesView } from './promql/source.ts';
import { TimeAxis } from './time-axis.ts';

export interface StoreLimits {
  /** Default 60 million, less where that would be more than a third of the machine's memory. */
  maxSamples?: number;
  /** Default 400,000: their labels live in the heap, about 2 KB each. */
  maxSeries?: number;
}

const BYTES_PER_SAMPLE = 16;
const DEFAULT_MAX_SAMPLES = Math.min(60_000_000, Math.floor(totalmem() / 3 / BYTES_PER_SAMPLE));
const DEFAULT_MAX_SERIES = 400_000;

export interface MetricMetadata {
  type: string;
  help: string;
  unit: string;
}

/**
 * The samples the monitor holds, in memory: 8 bytes a value and up to half as much again as room to grow, and the times
 * once for all series that were scraped together.
 */
export class SeriesStore implements SeriesSource {
  /** What the targets say about their metrics, by the metric's name. */
  readonly metadata = new Map<string, MetricMetadata>();
  readonly #maxSamples: number;
  readonly #maxSeries: number;
  /** Where new series begin: those which begin together fork off together. */
  readonly #start = TimeAxis.start();
  readonly #byKey = new Map<string, StoredSeries>();
  /** Inverted index: label name, label value, the series that carry it in order of creation. */
  readonly #index = new Map<string, Map<string, StoredSeries[]>>();
  /** Answers of `select`, good until a series is added. */
  #selections = new WeakMap<readonly Matcher[], readonly StoredSeries[]>();
  #sampleCount = 0;
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;

  constructor(options: StoreLimits = {}) {
    this.#maxSamples = options.maxSamples ?? DEFAULT_MAX_SAMPLES;
    this.#maxSeries = options.maxSeries ?? DEFAULT_MAX_SERIES;
  }

  get sampleCount(): number {
    return this.#sampleCount;
  }

  get seriesCount(): number {
    return this.#byKey.size;
  }

  /** Epoch milliseconds of the first and the last sample; undefined while there is none. */
  get extent(): { fromMs: number; toMs: number } | undefined {
    return this.#sampleCount === 0 ? undefined : { fromMs: this.#fromMs, toMs: this.#toMs };
  }

  describe(name: string, field: keyof MetricMetadata, text: string): void {
    const known = getOrMake(this.metadata, name, () => ({ type: 'unknown', help: '', unit: '' }));
    known[field] = text;
  }

  /** The series with these labels, made when there is none yet. The metric's name is the label `__name__`. */
  series(labels: Readonly<Record<string, string>>): StoredSeries {
    const set = LabelSet.from(labels);
    const known = this.#byKey.get(set.key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= this.#maxSeries) throw this.#tooManySeries(set);
    const series = new StoredSeries(set, this.#start);
    this.#byKey.set(set.key, series);
    set.names.forEach((name, i) => {
      const byValue = getOrMake(this.#index, name, () => new Map<string, StoredSeries[]>());
      getOrMake(byValue, set.values[i] ?? '', () => []).push(series);
    });
    this.#selections = new WeakMap();
    return series;
  }

  /**
   * Throws when that many samples more would pass the limit, so that a batch is stored whole or not at all. The error
   * names the limit and what to do.
   */
  ensureRoom(samples: number): void {
    if (this.#sampleCount + samples <= this.#maxSamples) return;
    const held = this.#sampleCount.toLocaleString('en-US');
    throw new StampedeError(
      'monitor/full',
      `The monitor holds ${held} samples of ${this.#byKey.size.toLocaleString('en-US')} series and may hold ${this.#maxSamples.toLocaleString('en-US')}; ${samples.toLocaleString('en-US')} more do not fit.`,
      {
        exitCode: EXIT.environment,
        hint: `scrape fewer series, or less often; a sample takes up to ${BYTES_PER_SAMPLE} bytes`,
      },
    );
  }

  /** False, and nothing stored, when the series already has a sample at this time or a later one. */
  append(series: StoredSeries, tMs: number, value: number): boolean {
    return this.#append(series, tMs, value, false);
  }

  /** Marks that the series ended: from this time on an instant query does not see it. */
  appendStale(series: StoredSeries, tMs: number): boolean {
    return this.#append(series, tMs, 0, true);
  }

  select(matchers: readonly Matcher[]): readonly StoredSeries[] {
    let selection = this.#selections.get(matchers);
    if (selection === undefined) {
      selection = this.#find(matchers);
      this.#selections.set(matchers, selection);
    }
    return selection;
  }

  #tooManySeries(labels: LabelSet): StampedeError {
    const most = this.#maxSeries.toLocaleString('en-US');
    return new StampedeError(
      'monitor/full',
      `The monitor holds ${most} series, as many as it may; ${labels} is one more.`,
      {
        exitCode: EXIT.environment,
        hint: 'a label with too many values (an id, a full path)? Drop it at the target, or scrape less',
      },
    );
  }

  #append(series: StoredSeries, tMs: number, value: number, stale: boolean): boolean {
    if (series.length > 0 && tMs <= series.lastMs) return false;
    this.ensureRoom(1);
    series.push(tMs, value, stale);
    this.#sampleCount++;
    if (tMs < this.#fromMs) this.#fromMs = tMs;
    if (tMs > this.#toMs) this.#toMs = tMs;
    return true;
  }

  /** Starts from the shortest list that an equality gives and tests the rest. */
  #find(matchers: readonly Matcher[]): StoredSeries[] {
    let candidates: readonly StoredSeries[] | undefined;
    for (const { name, op, value } of matchers) {
      if (op !== '=' || value === '') continue;
      const list = this.#index.get(name)?.get(value) ?? [];
      if (candidates === undefined || list.length < candidates.length) candidates = list;
    }
    const tests = matchers.map((matcher) => {
      const test = rememberedPerValue(matcherTest(matcher));
      return (series: StoredSeries) => test(series.labels.get(matcher.name));
    });
    const found = [...(candidates ?? this.#byKey.values())].filter((series) => tests.every((test) => test(series)));
    // In the order Prometheus has, not the order of arrival: sums round the same way, and ties fall the same way.
    return found.sort((a, b) => (a.labels.key < b.labels.key ? -1 : a.labels.key > b.labels.key ? 1 : 0));
  }
}

const FIRST_CAPACITY = 32;
const STALE_LOW_WORD = 0x0000_0002;
const STALE_HIGH_WORD = 0x7ff0_0000;

/** A series of the store. Only the store writes to it. */
export class StoredSeries implements SeriesView {
  readonly labels: LabelSet;
  length = 0;
  values = new Float64Array(0);
  staleCount = 0;
  #axis: TimeAxis;
  /** The bits of `values`. A marker is Prometheus' own NaN, which JavaScript cannot tell from another by value. */
  #words = new Uint32Array(0);

  constructor(labels: LabelSet, axis: TimeAxis) {
    this.labels = labels;
    this.#axis = axis;
  }

  get times(): Float64Array {
    return this.#axis.times;
  }

  /** Epoch milliseconds of the first sample. */
  get firstMs(): number {
    return this.length === 0 ? Number.POSITIVE_INFINITY : (this.times[0] ?? Number.POSITIVE_INFINITY);
  }

  /** Epoch milliseconds of the last sample. */
  get lastMs(): number {
    return this.times[this.length - 1] ?? Number.NEGATIVE_INFINITY;
  }

  isStale(index: number): boolean {
    return this.#words[2 * index] === STALE_LOW_WORD && this.#words[2 * index + 1] === STALE_HIGH_WORD;
  }

  push(tMs: number, value: number, stale: boolean): void {
    this.#axis = this.#axis.follow(this.length, tMs);
    if (this.length === this.values.length) this.#grow();
    if (stale) {
      this.#words[2 * this.length] = STALE_LOW_WORD;
      this.#words[2 * this.length + 1] = STALE_HIGH_WORD;
      this.staleCount++;
    } else {
      this.values[this.length] = value;
    }
    this.length++;
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, Math.ceil(this.length * 1.5));
    const words = new Uint32Array(capacity * 2);
    words.set(this.#words);
    this.#words = words;
    this.values = new Float64Array(words.buffer);
  }
}

/** Series are many and label values few: a regular expression runs once a value. */
function rememberedPerValue(test: (value: string) => boolean): (value: string) => boolean {
  const answers = new Map<string, boolean>();
  return (value) => getOrMake(answers, value, () => test(value));
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
