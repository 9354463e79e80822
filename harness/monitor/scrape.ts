import { type Dispatcher, request } from 'undici';
import { messageOf } from '../errors.ts';
import { type ExpositionFormat, ExpositionReader, type ExpositionSample } from './exposition.ts';
import { type RecordingWriter, seriesText } from './recording.ts';
import type { MetricMetadata, SeriesStore, StoredSeries } from './store.ts';

/** One endpoint to scrape. `labels` are added to each of its series. */
export interface ScrapeTarget {
  job: string;
  url: string;
  labels: Record<string, string>;
}

export type ScrapeResult = { ok: true } | { ok: false; tMs: number; reason: string };

export interface ScrapeContext {
  store: SeriesStore;
  recording: RecordingWriter | undefined;
  dispatcher: Dispatcher;
  timeoutMs: number;
  /** Epoch milliseconds. */
  nowMs: () => number;
  /** True while every scrape is to fail. */
  cutOff: () => boolean;
}

/** One series of one target. */
interface Tracked {
  series: StoredSeries;
  /** As the recording writes it. */
  text: string;
  /** The scrape that saw it last. */
  scrape: number;
}

const ACCEPT = [
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6',
  'application/openmetrics-text;version=1.0.0;q=0.5',
  'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4',
  'text/plain;version=0.0.4;q=0.3',
  '*/*;q=0.1',
].join(',');
const MAX_BODY_BYTES = 64 << 20;

/** Scrapes one target, one scrape after the other, and keeps what its series need between scrapes. */
export class TargetScraper {
  readonly target: ScrapeTarget;
  readonly #context: ScrapeContext;
  readonly #labels: Record<string, string>;
  readonly #tracked = new Map<StoredSeries, Tracked>();
  readonly #reader = new ExpositionReader<Tracked>(
    (labels) => this.#track(labels),
    (name, field, text) => this.#describe(name, field, text),
  );
  readonly #up: Tracked;
  readonly #duration: Tracked;
  readonly #scraped: Tracked;
  /** What the last good scrape saw, without samples that carried their own time. */
  #live: Tracked[] = [];
  #scrape = 0;

  constructor(target: ScrapeTarget, context: ScrapeContext) {
    this.target = target;
    this.#context = context;
    this.#labels = { job: target.job, instance: instanceOf(target.url), ...target.labels };
    this.#up = this.#track({ __name__: 'up' });
    this.#duration = this.#track({ __name__: 'scrape_duration_seconds' });
    this.#scraped = this.#track({ __name__: 'scrape_samples_scraped' });
  }

  /**
   * Fetches, parses and stores once; all samples carry the time the scrape began. A scrape that fails stores `up` 0 and
   * ends the target's series; nothing of a text that is wrong anywhere is stored. Resolves to undefined, with nothing
   * stored, when the signal aborts.
   */
  async scrape(signal: AbortSignal): Promise<ScrapeResult | undefined> {
    const tMs = Math.floor(this.#context.nowMs());
    const began = performance.now();
    let samples: ExpositionSample<Tracked>[] = [];
    let reason: string | undefined;
    try {
      const { text, format } = await this.#fetch(signal);
      samples = this.#reader.read(text, format);
    } catch (error) {
      if (signal.aborted) return undefined;
      reason = describe(error, this.#context.timeoutMs);
    }
    const durationS = (performance.now() - began) / 1000;
    try {
      this.#store(tMs, samples, { isUp: reason === undefined, durationS });
    } catch (error) {
      reason ??= messageOf(error);
    }
    return reason === undefined ? { ok: true } : { ok: false, tMs, reason };
  }

  async #fetch(stop: AbortSignal): Promise<{ text: string; format: ExpositionFormat }> {
    const { dispatcher, timeoutMs, cutOff } = this.#context;
    if (cutOff()) throw new Error('the monitor is cut off');
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
    const { statusCode, headers, body } = await request(this.target.url, {
      dispatcher,
      signal,
      headers: { accept: ACCEPT, 'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000) },
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`answered ${statusCode}, expected 200`);
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      const buffer: Buffer = Buffer.from(chunk);
      bytes += buffer.length;
      if (bytes > MAX_BODY_BYTES) throw new Error(`answered more than ${MAX_BODY_BYTES >> 20} MiB`);
      chunks.push(buffer);
    }
    const type = String(headers['content-type'] ?? '');
    const format = type.startsWith('application/openmetrics-text') ? 'openmetrics' : 'prometheus';
    return { text: Buffer.concat(chunks).toString('utf8'), format };
  }

  /** The series of a target under the target's labels; where both name a label, the scraped one is moved aside. */
  #track(scraped: Record<string, string>): Tracked {
    const labels: Record<string, string> = { ...this.#labels };
    for (const [name, value] of Object.entries(scraped)) {
      labels[Object.hasOwn(this.#labels, name) ? `exported_${name}` : name] = value;
    }
    const series = this.#context.store.series(labels);
    const known = this.#tracked.get(series);
    if (known !== undefined) return known;
    const tracked = { series, text: seriesText(labels), scrape: 0 };
    this.#tracked.set(series, tracked);
    return tracked;
  }

  /** Kept once a metric, whichever target says it first. */
  #describe(name: string, field: keyof MetricMetadata, text: string): void {
    const { store, recording } = this.#context;
    if (store.metadata.get(name)?.[field] === text) return;
    store.describe(name, field, text);
    recording?.describe(name, field, text);
  }

  #store(
    tMs: number,
    samples: readonly ExpositionSample<Tracked>[],
    { isUp, durationS }: { isUp: boolean; durationS: number },
  ): void {
    this.#context.store.ensureRoom(samples.length + this.#live.length + 3);
    const scrape = ++this.#scrape;
    this.#append(this.#up, tMs, isUp ? 1 : 0);
    this.#append(this.#duration, tMs, durationS);
    this.#append(this.#scraped, tMs, samples.length);
    const live: Tracked[] = [];
    for (const sample of samples) {
      const { handle } = sample;
      this.#append(handle, sample.tMs ?? tMs, sample.value);
      // A sample with a time of its own says when it was true; its absence says nothing.
      if (sample.tMs !== undefined || handle.scrape === scrape) continue;
      handle.scrape = scrape;
      live.push(handle);
    }
    for (const tracked of this.#live) if (tracked.scrape !== scrape) this.#append(tracked, tMs, undefined);
    this.#live = live;
    this.#context.recording?.flush();
  }

  /** An undefined value is a staleness marker. */
  #append({ series, text }: Tracked, tMs: number, value: number | undefined): void {
    const { store, recording } = this.#context;
    const isNew = value === undefined ? store.appendStale(series, tMs) : store.append(series, tMs, value);
    if (isNew) recording?.add(text, tMs, value);
  }
}

/** `host:port`, with the port even where the URL leaves it to the scheme. */
function instanceOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function describe(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no complete answer within ${timeoutMs} ms`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = messageOf(error);
  return code === '' || message.includes(code) ? message || 'failed' : `${code} ${message}`.trim();
}
