import { terminalSummary } from '../../reports/terminal/summary.ts';
import { writeReports } from '../../reports/write.ts';
import { runsDirectory } from '../places.ts';
import { reportOf } from '../read-run.ts';
import { findRun } from '../run-directory.ts';
import { colourIn, unicodeIn } from '../view.ts';
import type { CommandResult, CommonOptions } from './command.ts';

/** `stampede report`: judges a finished run again from its files and writes its reports anew. Runs nothing. */
export async function reportCommand(name: string, options: CommonOptions): Promise<CommandResult> {
  const directory = findRun(runsDirectory, name);
  const model = await reportOf(directory);
  const { warnings } = await writeReports(model, directory);
  model.verdict.warnings.push(...warnings);
  const text = terminalSummary(model, {
    columns: process.stdout.columns ?? 80,
    unicode: unicodeIn(process.env),
    colour: colourIn(process.stdout, process.env),
    detail: options.quiet ? 'short' : 'full',
  });
  return { exitCode: model.verdict.exitCode, text, json: model.verdict };
}
