import { EXIT, StampedeError } from '../errors.ts';
import type { Series } from '../monitor/monitor.ts';
import { runsDirectory } from '../places.ts';
import { openRun } from '../read-run.ts';
import { findRun } from '../run-directory.ts';
import { formatDuration, parseDuration } from '../units.ts';
import type { CommandResult } from './command.ts';

/** Times on the run's clock, such as `90s`. */
export interface QueryOptions {
  /** The end of the load when absent. */
  at?: string;
  from?: string;
  to?: string;
  step?: string;
}

/** `stampede query`: asks a finished run a PromQL question, at one moment of its clock or over some of it. */
export async function queryCommand(name: string, expression: string, options: QueryOptions): Promise<CommandResult> {
  const { evidence, monitor, zeroEpochMs } = await openRun(findRun(runsDirectory, name));
  const when = readTimes(options, evidence.events);
  if (when.kind === 'at') {
    const result = await monitor.query(expression, zeroEpochMs + when.atMs);
    const rows = result.type === 'scalar' ? [{ labels: {}, value: result.value }] : result.series;
    const text = rows.map(({ labels, value }) => `${showLabels(labels)} ${value}`.trim()).join('\n');
    return { exitCode: 0, text: `${text || 'no data at this time'}\n`, json: { atMs: when.atMs, ...result } };
  }
  const { fromMs, toMs, stepMs } = when;
  const answer = await monitor.queryRange(expression, zeroEpochMs + fromMs, zeroEpochMs + toMs, stepMs);
  const series = answer.map(({ labels, samples }) => ({
    labels,
    samples: samples.map(({ tMs, value }) => ({ tMs: tMs - zeroEpochMs, value })),
  }));
  const text = series.map(showSeries).join('\n');
  return { exitCode: 0, text: text || 'no data in this time\n', json: { fromMs, toMs, stepMs, series } };
}

type When = { kind: 'at'; atMs: number } | { kind: 'range'; fromMs: number; toMs: number; stepMs: number };

function readTimes({ at, from, to, step }: QueryOptions, events: { kind: string; tMs: number }[]): When {
  const loadEndMs = events.findLast((event) => event.kind === 'load ended')?.tMs ?? events.at(-1)?.tMs ?? 0;
  if (from === undefined && to === undefined && step === undefined) {
    return { kind: 'at', atMs: at === undefined ? loadEndMs : time('--at', at) };
  }
  if (at !== undefined) throw usage('--at is one moment; --from, --to and --step are a range: give one or the other.');
  const fromMs = from === undefined ? 0 : time('--from', from);
  const toMs = to === undefined ? loadEndMs : time('--to', to);
  const stepMs = step === undefined ? 1_000 : time('--step', step);
  if (stepMs <= 0) throw usage(`--step expected a duration longer than 0, got '${step}'.`);
  if (toMs < fromMs) throw usage(`--to (${formatDuration(toMs)}) lies before --from (${formatDuration(fromMs)}).`);
  return { kind: 'range', fromMs, toMs, stepMs };
}

function time(option: string, text: string): number {
  const ms = text === '0' ? 0 : parseDuration(text);
  if (ms !== undefined) return ms;
  throw usage(`${option} expected a time such as 90s or 1m30s, got '${text}'.`);
}

function usage(message: string): StampedeError {
  return new StampedeError('usage/time', message, {
    exitCode: EXIT.usage,
    hint: "stampede query last 'up' --from 30s --to 2m --step 10s",
  });
}

/** The series, and a line for each of its samples: the run's clock, and the value. */
function showSeries({ labels, samples }: Series): string {
  const lines = samples.map(({ tMs, value }) => `  ${clockTime(tMs)}  ${value}\n`);
  return `${showLabels(labels) || '{}'}\n${lines.join('')}`;
}

function clockTime(tMs: number): string {
  const minutes = Math.floor(tMs / 60_000);
  return `${String(minutes).padStart(2, '0')}:${((tMs - minutes * 60_000) / 1_000).toFixed(1).padStart(4, '0')}`;
}

function showLabels(labels: Record<string, string>): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(', ')}}`;
}
