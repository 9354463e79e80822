import { createWriteStream, openSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import { formatNumber } from './number-text.ts';

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
export const STALE = 'NaN';
export const HEADER_PATTERN = /^# HELP stampede_recording version (\d+)/;

/** Writes a metrics.om as samples arrive. */
export interface RecordingWriter {
  /** `series` is the text of the series (`seriesText`), `value` undefined for a staleness marker. Never blocks. */
  add(series: string, tMs: number, value: number | undefined): void;
  /** Writes what a target says about a metric. */
  describe(name: string, field: 'help' | 'type' | 'unit', text: string): void;
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
    describe(name, field, text) {
      pending += `# ${field.toUpperCase()} ${name} ${escapeValue(text)}\n`;
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
