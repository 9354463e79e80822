import { terminalSummary } from '../../reports/terminal/summary.ts';
import { choiceText, type PartChoice } from '../../target-app/parts/choice.ts';
import { EXIT, StampedeError } from '../errors.ts';
import type { JournalLine } from '../journal.ts';
import { liveDirectory, runsDirectory, targetDirectory, undoDirectory } from '../places.ts';
import { prepare } from '../prepare.ts';
import { run } from '../run.ts';
import { parseObserveAddress } from '../running/observe-address.ts';
import { readRules } from '../running/rules.ts';
import { colourIn, openView, unicodeIn } from '../view.ts';
import type { CommandResult, CommonOptions } from './command.ts';

export interface RunCommandOptions extends CommonOptions {
  seed?: number;
  agents?: number;
  /** As `--nonce` takes it. */
  nonce?: string;
  /** As `--monitor` takes it. */
  monitor?: string;
  /** A rule file in Prometheus' format. */
  rules?: string;
  /** As `--observe` takes it. */
  observe?: string;
  /** What the reference target is made of. */
  with?: PartChoice;
  /** Instead of the scenario's own. */
  target?: 'reference' | 'compose';
  summary: 'short' | 'full' | 'none';
  version: string;
}

/** `stampede run`: checks, runs, judges and reports. The first interrupt drains and heals; the second ends at once. */
export async function runCommand(file: string, options: RunCommandOptions): Promise<CommandResult> {
  const parts = options.with;
  const plan = await prepare(file, { ...options, ...(parts === undefined ? {} : { parts }) });
  if (parts !== undefined && plan.target.kind !== 'reference') {
    throw new StampedeError(
      'usage/with',
      '--with says what the reference target is made of; this scenario has its own.',
      {
        exitCode: EXIT.usage,
        hint: "leave --with out, or give the scenario target: 'reference'",
      },
    );
  }
  const rules = options.rules === undefined ? [] : readRules(options.rules);
  const observe = options.observe === undefined ? {} : { observe: parseObserveAddress(options.observe) };
  const view = openView({ stream: process.stderr, plain: options.plain, quiet: options.quiet, env: process.env });
  const interrupt = new AbortController();
  const onSignal = () => {
    if (interrupt.signal.aborted) process.exit(130);
    process.stderr.write(
      '\nStopping: draining requests and healing faults (up to 30 s). Again stops at once; faults then heal at the next start.\n',
    );
    interrupt.abort(
      new StampedeError('interrupted', 'Interrupted before the load began.', { exitCode: EXIT.interrupted }),
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const model = await run({
      plan,
      command: commandLine(file, options),
      version: options.version,
      monitor: options.monitor,
      rules,
      ...observe,
      ...(parts === undefined ? {} : { parts }),
      places: {
        runs: runsDirectory,
        undo: undoDirectory,
        live: liveDirectory,
        target: targetDirectory,
        checkout: process.cwd(),
      },
      say: (line) => {
        if (!options.quiet) process.stderr.write(`  ${line}\n`);
      },
      onEvent: (line: JournalLine) => view.event(line),
      onLive: (state) => view.live(state),
      interrupt: interrupt.signal,
    });
    view.close();
    const text =
      options.summary === 'none'
        ? ''
        : terminalSummary(model, {
            columns: process.stdout.columns ?? 80,
            unicode: unicodeIn(process.env),
            colour: colourIn(process.stdout, process.env),
            detail: options.quiet ? 'short' : options.summary,
          });
    return { exitCode: model.verdict.exitCode, text, json: model.verdict };
  } finally {
    view.close();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function commandLine(
  file: string,
  { seed, agents, nonce, monitor, rules, with: parts, target }: RunCommandOptions,
): string {
  const words = ['stampede run', file];
  if (target !== undefined) words.push(`--target ${target}`);
  if (seed !== undefined) words.push(`--seed ${seed}`);
  if (agents !== undefined) words.push(`--agents ${agents}`);
  if (nonce !== undefined) words.push(`--nonce ${nonce}`);
  if (parts !== undefined) words.push(`--with ${choiceText(parts)}`);
  if (monitor !== undefined) words.push(`--monitor ${monitor}`);
  if (rules !== undefined) words.push(`--rules ${rules}`);
  return words.join(' ');
}
