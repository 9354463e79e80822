import { EXIT, messageOf, StampedeError } from '../errors.ts';
import { runsDirectory } from '../places.ts';
import { openRun } from '../read-run.ts';
import { findRun } from '../run-directory.ts';
import { parseDuration } from '../units.ts';
import type { CommandResult } from './command.ts';

export interface QueryOptions {
  /** A time on the run's clock, such as `90s`; the end of the load when absent. */
  at?: string;
}

/** `stampede query`: asks a finished run a PromQL question, at one moment of its clock. */
export async function queryCommand(name: string, expression: string, options: QueryOptions): Promise<CommandResult> {
  const { evidence, monitor, zeroEpochMs } = await openRun(findRun(runsDirectory, name));
  const atMs = options.at === undefined ? endOfLoad(evidence.events) : parseDuration(options.at);
  if (atMs === undefined) {
    throw new StampedeError('usage/at', `--at expected a time such as 90s or 1m30s, got '${options.at}'.`, {
      exitCode: EXIT.usage,
    });
  }
  const result = await monitor.query(expression, zeroEpochMs + atMs).catch((error: unknown) => {
    throw new StampedeError('promql/expression', `The expression is wrong: ${messageOf(error)}`, {
      exitCode: EXIT.usage,
      cause: error,
    });
  });
  const rows = result.type === 'scalar' ? [{ labels: {}, value: result.value }] : result.series;
  const text = rows.map(({ labels, value }) => `${showLabels(labels)} ${value}`.trim()).join('\n');
  return { exitCode: 0, text: `${text || 'no data at this time'}\n`, json: { atMs, ...result } };
}

function endOfLoad(events: { kind: string; tMs: number }[]): number {
  return events.findLast((event) => event.kind === 'load ended')?.tMs ?? events.at(-1)?.tMs ?? 0;
}

function showLabels(labels: Record<string, string>): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(', ')}}`;
}
