import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import { ExpositionError, ExpositionReader } from './exposition.ts';
import type { Monitor } from './monitor.ts';
import { HEADER_PATTERN, STALE } from './recording.ts';
import { SeriesStore, type StoredSeries } from './store.ts';
import { monitorOf, type QueryOptions } from './store-monitor.ts';

export type ReadOptions = QueryOptions & { maxSamples?: number };

/** A recording that was read back; it answers PromQL like the monitor that wrote it. */
export interface Recording extends Monitor {
  readonly store: SeriesStore;
  /** Epoch milliseconds of the first and the last sample; both NaN when there is none. */
  readonly fromMs: number;
  readonly toMs: number;
  /** False when the writer was cut off before it could close the file, or has not closed it yet. */
  readonly complete: boolean;
}

/** A recording that may still grow. */
export interface FollowedRecording extends Recording {
  /** Reads what was added since. */
  catchUp(): Promise<void>;
  close(): void;
}

/** Reads a metrics.om. Throws StampedeError when the file is missing or is not one, with the line and column. */
export async function openRecording(path: string, options: ReadOptions = {}): Promise<Recording> {
  const recording = await followRecording(path, options);
  recording.close();
  return recording;
}

/** The same, and goes on reading when told to: the run that writes it may still be on. */
export async function followRecording(path: string, options: ReadOptions = {}): Promise<FollowedRecording> {
  const store = new SeriesStore(options);
  const file = new RecordingFile(path, store);
  try {
    await file.catchUp();
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    ...monitorOf(store, options),
    store,
    get fromMs() {
      return store.extent?.fromMs ?? Number.NaN;
    },
    get toMs() {
      return store.extent?.toMs ?? Number.NaN;
    },
    get complete() {
      return file.complete;
    },
    catchUp: () => file.catchUp(),
    close: () => file.close(),
  };
}

const CHUNK_BYTES = 1 << 20;
const LINE_FEED = 10;

/** Reads whole lines only: the last one may have been torn by a crash, or not be finished yet. */
class RecordingFile {
  complete = false;
  readonly #path: string;
  readonly #file: number;
  readonly #store: SeriesStore;
  readonly #reader: ExpositionReader<StoredSeries>;
  readonly #buffer = Buffer.alloc(CHUNK_BYTES);
  #offset = 0;
  #line = 1;
  #unfinished = Buffer.alloc(0);

  constructor(path: string, store: SeriesStore) {
    this.#path = path;
    this.#store = store;
    this.#reader = new ExpositionReader<StoredSeries>(
      (labels) => store.series(labels),
      (name, field, text) => {
        if (name !== 'stampede_recording') store.describe(name, field, text);
      },
    );
    try {
      this.#file = openSync(path, 'r');
    } catch (error) {
      throw readError(path, error);
    }
  }

  async catchUp(): Promise<void> {
    try {
      for (;;) {
        const bytes = readSync(this.#file, this.#buffer, 0, CHUNK_BYTES, this.#offset);
        if (bytes === 0) break;
        this.#offset += bytes;
        this.#feed(this.#buffer.subarray(0, bytes));
        await breathe();
      }
    } catch (error) {
      throw readError(this.#path, error);
    }
    if (this.#line === 1) ensureHeader(this.#path, this.#unfinished.toString('utf8'));
  }

  close(): void {
    closeSync(this.#file);
  }

  #feed(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#unfinished, chunk]);
    const whole = bytes.lastIndexOf(LINE_FEED) + 1;
    this.#unfinished = bytes.subarray(whole);
    if (whole === 0) return;
    const text = bytes.toString('utf8', 0, whole);
    if (this.#line === 1) ensureHeader(this.#path, text);
    const { ended, nextLine } = this.#reader.readLines(
      text,
      'openmetrics',
      this.#line,
      ({ handle, value, tMs, valueText }) => {
        if (tMs === undefined) return;
        if (valueText === STALE) this.#store.appendStale(handle, tMs);
        else this.#store.append(handle, tMs, value);
      },
    );
    this.#line = nextLine;
    this.complete = ended;
  }
}

function ensureHeader(path: string, text: string): void {
  const version = HEADER_PATTERN.exec(text)?.[1];
  if (version === '1') return;
  const problem =
    version === undefined ? 'is not a recording of Stampede' : `has version ${version}, expected version 1`;
  throw new StampedeError('monitor/recording', `${path} ${problem}.`, { exitCode: EXIT.usage });
}

function readError(path: string, cause: unknown): StampedeError {
  if (cause instanceof StampedeError) return cause;
  const message =
    cause instanceof ExpositionError ? `${path}:${cause.message}` : `Cannot read ${path}: ${messageOf(cause)}`;
  return new StampedeError('monitor/recording', message, { exitCode: EXIT.usage, cause });
}
