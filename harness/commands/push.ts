import { join } from 'node:path';
import { remoteWrite, type SeriesToWrite } from '../monitor/prometheus/remote-write.ts';
import { openRecording } from '../monitor/read-recording.ts';
import type { StoredSeries } from '../monitor/store.ts';
import { runsDirectory } from '../places.ts';
import { RUN_FILES } from '../read-run.ts';
import { findRun } from '../run-directory.ts';
import type { CommandResult } from './command.ts';

/** How much goes into one request. */
const SAMPLES_A_REQUEST = 20_000;

/**
 * `stampede push`: sends every sample of a run into a Prometheus by remote write, with the label `run`, so that runs can
 * be told apart there.
 */
export async function pushCommand(name: string, url: string): Promise<CommandResult> {
  const directory = findRun(runsDirectory, name);
  const run = directory.split('/').at(-1) ?? directory;
  const { store, fromMs, toMs } = await openRecording(join(directory, RUN_FILES.metrics));
  const all = store.select([]);
  let samples = 0;
  let batch: SeriesToWrite[] = [];
  let inBatch = 0;
  const flush = async () => {
    if (batch.length > 0) await remoteWrite(url, batch);
    batch = [];
    inBatch = 0;
  };
  for (const series of all) {
    batch.push({ labels: { ...series.labels.toRecord(), run }, samples: samplesOf(series) });
    samples += series.length;
    inBatch += series.length;
    if (inBatch >= SAMPLES_A_REQUEST) await flush();
  }
  await flush();
  const text = `${samples.toLocaleString('en-US')} samples of ${all.length.toLocaleString('en-US')} series are in ${url}, with the label run="${run}"\n`;
  return { exitCode: 0, text, json: { run, url, series: all.length, samples, fromMs, toMs } };
}

function samplesOf(series: StoredSeries): SeriesToWrite['samples'] {
  return Array.from({ length: series.length }, (_, i) => ({
    tMs: series.times[i] ?? 0,
    value: series.isStale(i) ? undefined : (series.values[i] ?? 0),
  }));
}
