import { createReadStream, createWriteStream, openSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import { ExpositionError, ExpositionReader, formatNumber } from './exposition.ts';
import type { Monitor } from './monitor.ts';
import { SeriesStore, type StoredSeries } from './store.ts';
import { monitorOf, type QueryOptions } from './store-monitor.ts';

/*
 * metrics.om: every sample of a run as OpenMetrics text with timestamps, in the order of the scrapes.
 *
 *   # HELP stampede_recording version 1, samples in order of scrape; NaN is the end of a series, nan a sample
 *   up{instance="127.0.0.1:9100",job="shard"} 1 1763935016.120
 *   orders_total{instance="127.0.0.1:9100",job="shard",region="eu"} 8412 1763935016.120
 *   orders_total{instance="127.0.0.1:9100",job="shard",region="eu"} NaN 1763935017.120
 *   # EOF
 *
 * Each line stands by itself, so the file can be searched, cut and read while it grows. OpenMetrics does not care how
 * not-a-number is spelled, and has no staleness marker: here `NaN` is the marker, and `nan` a sample that is not a
 * number. The first line is a HELP line because OpenMetrics knows no other comment, so that `promtool tsdb
 * create-blocks-from openmetrics` takes the file as it is. A file without # EOF was not closed; its last line counts only
 * when a line feed ends it.
 */
const HEADER =
  '# HELP stampede_recording version 1, samples in order of scrape; NaN is the end of a series, nan a sample\n';
const STALE = 'NaN';
const HEADER_PATTERN = /^# HELP stampede_recording version (\d+)/;

/** A recording that was read back; it answers PromQL like the monitor that wrote it. */
export interface Recording extends Monitor {
  /** Epoch milliseconds of the first and the last sample; both NaN when there is none. */
  readonly fromMs: number;
  readonly toMs: number;
  /** False when the writer was cut off before it could close the file. */
  readonly complete: boolean;
}

/** Reads a metrics.om. Throws StampedeError when the file is missing or is not one, with the line and column. */
export async function openRecording(
  path: string,
  options: QueryOptions & { maxSamples?: number } = {},
): Promise<Recording> {
  const store = new SeriesStore(options);
  const reader = new ExpositionReader<StoredSeries>((labels) => store.series(labels));
  let rest = '';
  let line = 1;
  let complete = false;
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
      const text = rest + String(chunk);
      const whole = text.lastIndexOf('\n') + 1;
      rest = text.slice(whole);
      if (whole === 0) continue;
      if (line === 1) ensureHeader(path, text);
      const read = reader.readLines(text.slice(0, whole), 'openmetrics', line, ({ handle, value, tMs, valueText }) => {
        if (tMs === undefined) return;
        if (valueText === STALE) store.appendStale(handle, tMs);
        else store.append(handle, tMs, value);
      });
      line = read.nextLine;
      complete = read.ended;
    }
  } catch (error) {
    throw readError(path, error);
  }
  if (line === 1) ensureHeader(path, rest);
  const { fromMs, toMs } = store.extent ?? { fromMs: Number.NaN, toMs: Number.NaN };
  return { ...monitorOf(store, options), fromMs, toMs, complete };
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

/** Writes a metrics.om as samples arrive. */
export interface RecordingWriter {
  /** `series` is the text of the series (`seriesText`), `value` undefined for a staleness marker. Never blocks. */
  add(series: string, tMs: number, value: number | undefined): void;
  /** Hands what was added to the file. Until then it is lost when the process dies. */
  flush(): void;
  /** Ends the file. Throws StampedeError when anything could not be written, now or before. */
  close(): Promise<void>;
}

/** Starts a recording in a file that must not exist yet. Throws StampedeError. */
export function startRecording(path: string): RecordingWriter {
  const stream = createWriteStream(path, { fd: create(path) });
  let failure: unknown;
  stream.on('error', (error) => {
    failure ??= error;
  });
  stream.write(HEADER);
  let pending = '';
  const flush = () => {
    if (pending !== '' && failure === undefined) stream.write(pending);
    pending = '';
  };
  return {
    add(series, tMs, value) {
      const text = value === undefined ? STALE : Number.isNaN(value) ? 'nan' : formatNumber(value);
      pending += `${series} ${text} ${(tMs / 1000).toFixed(3)}\n`;
    },
    flush,
    async close() {
      flush();
      stream.end('# EOF\n');
      await finished(stream).catch((error) => {
        failure ??= error;
      });
      if (failure !== undefined) throw writeError(path, failure);
    },
  };
}

/** `name{label="value"}` as a recording has it. */
export function seriesText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(labels)
    .filter((name) => name !== '__name__' && labels[name] !== '')
    .sort()
    .map((name) => `${name}="${escapeValue(labels[name] ?? '')}"`);
  return `${labels.__name__ ?? ''}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''}`;
}

function escapeValue(value: string): string {
  return value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
}

function create(path: string): number {
  try {
    return openSync(path, 'wx');
  } catch (error) {
    throw writeError(path, error);
  }
}

function writeError(path: string, cause: unknown): StampedeError {
  return new StampedeError('monitor/recording', `Cannot record metrics to ${path}: ${messageOf(cause)}`, {
    exitCode: EXIT.environment,
    cause,
  });
}
