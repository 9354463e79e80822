import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { PROFILES, type Profile } from '../target-app/compose/layout.ts';
import { type PartChoice, PORTS, parseChoice } from '../target-app/parts/choice.ts';
import { MUTANTS } from '../target-app/roles/orders/mutants.ts';
import { calibrateCommand } from './commands/calibrate.ts';
import { chaosCatalog, chaosStatus, chaosStop, chaosUndo } from './commands/chaos.ts';
import type { CommandResult, CommonOptions } from './commands/command.ts';
import { doctorCommand } from './commands/doctor.ts';
import { type InjectOptions, injectCommand } from './commands/inject.ts';
import { liveCommand } from './commands/live.ts';
import { planCommand } from './commands/plan.ts';
import { pushCommand } from './commands/push.ts';
import { type QueryOptions, queryCommand } from './commands/query.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { serveCommand } from './commands/serve.ts';
import { type TargetUpOptions, targetDown, targetStatus, targetUp } from './commands/target.ts';
import { EXIT, type ExitCode, messageOf, StampedeError } from './errors.ts';
import { ROOT_HELP } from './help.ts';
import { packageRoot } from './places.ts';
import { parseDuration } from './units.ts';

/** The command line. The only file that prints results and errors, and that exits. */

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
const jsonWanted = process.argv.includes('--json');
if (process.argv.includes('--no-color')) process.env.NO_COLOR = '1';

const WITH_HELP = `real parts from PATH instead of embedded ones: ${Object.entries(PORTS)
  .map(([port, parts]) => `${port}=${parts.filter((part) => part !== 'embedded').join('|')}`)
  .join(', ')}`;

const exitCode = await main(process.argv.slice(2));
// A pipe takes its time; what was printed must be out before we go.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
);
process.exit(exitCode);

async function main(argv: string[]): Promise<ExitCode | number> {
  try {
    const outcome: { result?: CommandResult } = {};
    const program = commandLine((result) => {
      outcome.result = result;
    });
    if (argv.length === 0) {
      process.stdout.write(ROOT_HELP(version));
      return EXIT.passed;
    }
    await program.parseAsync(argv, { from: 'user' });
    const { result } = outcome;
    if (!result) return EXIT.passed;
    process.stdout.write(jsonWanted ? `${JSON.stringify(result.json, null, 2)}\n` : result.text);
    if (jsonWanted && result.text !== '') process.stderr.write(result.text);
    return result.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version were asked for and have been printed; anything else is a usage error that commander has told.
      return error.exitCode === 0 ? EXIT.passed : EXIT.usage;
    }
    return report(error);
  }
}

type InjectCommandOptions = Omit<InjectOptions, 'forMs' | 'never' | 'say'> & { for: number; never?: string[] };

function commandLine(done: (result: CommandResult) => void): Command {
  const program = new Command('stampede')
    .version(
      `stampede ${version} (node ${process.version}, ${process.platform} ${process.arch})`,
      '--version',
      'print the version',
    )
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('\n  do   add --help to the command, for its options and examples')
    .configureOutput({ outputError: (text, write) => write(`${text.replace(/^error: /, '').trimEnd()} (exit 2)\n`) })
    .configureHelp({ helpWidth: 80 })
    .helpCommand(false);
  program.helpInformation = () => ROOT_HELP(version);

  const add = (parent: Command, name: string, description: string, examples: string[]) =>
    parent
      .command(name)
      .description(description)
      .addHelpText('beforeAll', `${examples.map((example) => `  ${example}`).join('\n')}\n`)
      .addOption(new Option('--json', 'print one JSON document on standard output, and nothing else'))
      .addOption(new Option('--quiet', 'only the final verdict'))
      .addOption(new Option('--plain', 'plain lines instead of a live view'))
      .addOption(new Option('--no-color', 'no colour (or set NO_COLOR)'));

  add(program, 'run <scenario>', 'run a scenario; exit 0 only if every promise held', [
    'stampede run scenarios/first-run.ts',
    'stampede run scenarios/first-run.ts --seed 42 --json > verdict.json',
    'stampede run scenarios/first-run.ts --monitor prometheus',
    'stampede run scenarios/first-run.ts --with queue=rabbitmq,lb=haproxy',
    'stampede run scenarios/first-run.ts --target compose',
  ])
    .option('--seed <number>', "seed of all randomness (default: the scenario's)", wholeNumber)
    .option('--nonce <text>', "of an earlier run's plan.json: the same ids and idempotency keys again", nonce)
    .option('--agents <number>', "agent processes (default: the scenario's)", wholeNumber)
    .addOption(targetOption("instead of the scenario's target"))
    .option('--with <parts>', WITH_HELP, partChoice)
    .option('--monitor <which>', "judge by a real Prometheus: 'prometheus' from PATH, or its address", monitorName)
    .option('--rules <file>', "recording and alerting rules in Prometheus' format; alerts are told in the report")
    .addOption(
      new Option('--observe <address>', 'PORT or HOST:PORT for /metrics, /targets and /alerts of the run').env(
        'STAMPEDE_OBSERVE',
      ),
    )
    .addOption(
      new Option('--summary <detail>', 'what to print at the end').choices(['full', 'short', 'none']).default('full'),
    )
    .action(
      async (
        file: string,
        options: CommonOptions & {
          seed?: number;
          nonce?: string;
          agents?: number;
          with?: PartChoice;
          monitor?: string;
          observe?: string;
          target?: 'reference' | 'compose';
          summary: 'full' | 'short' | 'none';
        },
      ) => done(await runCommand(file, { ...options, version })),
    );

  add(program, 'plan <scenario>', 'print the load curve, faults, promises and needs, without running', [
    'stampede plan scenarios/first-run.ts',
    'stampede plan scenarios/first-run.ts --json',
  ])
    .option('--seed <number>', "seed of all randomness (default: the scenario's)", wholeNumber)
    .option('--agents <number>', "agent processes (default: the scenario's)", wholeNumber)
    .addOption(targetOption("instead of the scenario's target"))
    .action(async (file: string, options: { seed?: number; agents?: number; target?: 'reference' | 'compose' }) =>
      done(await planCommand(file, options)),
    );

  add(program, 'calibrate', "measure this machine's ceiling, for plan to use", [
    'stampede calibrate',
    'stampede calibrate --json',
  ]).action(async ({ quiet }: CommonOptions) =>
    done(await calibrateCommand(quiet ? () => {} : (line) => process.stderr.write(`${line}\n`))),
  );

  const live = (name: string, description: string, examples: string[]) =>
    add(program, name, description, examples).option('--run <id>', 'which run (default: the only one under way here)');
  live('users', 'bring a run that is under way to so many users, and hold it there', [
    'stampede users 200000',
    'stampede users 200000 --group shoppers --over 30s',
  ])
    .argument('<number>', 'how many', wholeNumber)
    .option('--group <name>', 'which group of users (default: the only one)')
    .option('--over <duration>', 'how long the change takes', durationMs, 10_000)
    .action(async (to: number, { run, group, over }: { run?: string; group?: string; over: number }) =>
      done(await liveCommand({ do: 'users', to, overMs: over, ...(group === undefined ? {} : { group }) }, run)),
    );
  live('hold', 'keep a run that is under way as it is: its plan stands still', ['stampede hold']).action(
    async ({ run }: { run?: string }) => done(await liveCommand({ do: 'hold' }, run)),
  );
  live('resume', 'go on with the plan of a run that is held', ['stampede resume']).action(
    async ({ run }: { run?: string }) => done(await liveCommand({ do: 'resume' }, run)),
  );
  live('stop', 'end a run that is under way: it drains, heals and reports, exit 5', [
    'stampede stop',
    "stampede stop --reason 'checkout is down for real'",
  ])
    .option('--reason <text>', 'what the report says', 'by stampede stop')
    .action(async ({ run, reason }: { run?: string; reason: string }) =>
      done(await liveCommand({ do: 'stop', reason }, run)),
    );

  add(program, 'report <run>', 'judge a finished run again and rebuild its reports', [
    'stampede report last',
    'stampede report 20261123-173650',
  ]).action(async (name: string, options: CommonOptions) => done(await reportCommand(name, options)));

  add(program, 'query <run> <promql>', 'ask a finished run a PromQL question', [
    "stampede query last 'sum by (code) (rate(http_server_requests_total[10s]))'",
    "stampede query last 'up == 0' --at 1m30s",
    "stampede query last 'sum(rate(stampede_requests_total[10s]))' --from 30s --to 2m --step 10s",
  ])
    .option('--at <time>', "time on the run's clock (default: the end of the load)")
    .option('--from <time>', 'over a range of time: its begin (default: 0)')
    .option('--to <time>', 'its end (default: the end of the load)')
    .option('--step <time>', 'how far apart its answers are (default: 1s)')
    .action(async (name: string, expression: string, options: QueryOptions) =>
      done(await queryCommand(name, expression, options)),
    );

  add(program, 'serve <run>', "serve a run by Prometheus' HTTP API: Grafana and promtool can point at it", [
    'stampede serve last',
    'stampede serve last --port 9095',
    'promtool query instant http://127.0.0.1:9095 up',
  ])
    .option('--port <number>', 'port on 127.0.0.1 (default: a free one)', portNumber)
    .action(async (name: string, options: { port?: number }) => {
      const stop = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
      const { port = 0 } = options;
      await serveCommand(name, { port, version, signal: stop.signal, onReady: tellServed });
    });

  add(program, 'push <run> <url>', 'send the metrics of a finished run into a Prometheus, by remote write', [
    'stampede push last http://127.0.0.1:9090',
  ]).action(async (name: string, url: string) => done(await pushCommand(name, url)));

  const target = program.command('target').description('the reference shop: up, status, down');
  add(target, 'up', 'start the reference shop and leave it up', [
    'stampede target up',
    'stampede target up --port 8080',
    'stampede target up --with queue=rabbitmq,cache=redis,lb=haproxy,edge=varnish',
    'stampede target up --target compose',
  ])
    .addOption(targetOption('which: embedded, or real parts in containers').default('reference'))
    .option('--port <number>', 'port of its entry (default: a free one)', portNumber)
    .option('--profile <names>', `more containers, comma-separated: ${PROFILES.join(', ')}`, profileNames)
    .option('--mutants <names>', `deliberate bugs, comma-separated: ${MUTANTS.join(', ')}`, mutantNames)
    .option('--with <parts>', WITH_HELP, partChoice)
    .action(async (options: Omit<TargetUpOptions, 'say'>) =>
      done(await targetUp({ ...options, say: (line) => process.stderr.write(`${line}\n`) })),
    );
  add(target, 'status', 'what of it is up', ['stampede target status', 'stampede target status --json']).action(
    async () => done(await targetStatus()),
  );
  add(target, 'down', 'stop it', ['stampede target down', 'stampede target down --target compose'])
    .addOption(targetOption('only this one (default: whatever is up)'))
    .action(async (options: { target?: 'reference' | 'compose' }) => done(await targetDown(options.target)));

  const chaos = program.command('chaos').description('faults: inject, stop, undo, status, catalog');
  add(chaos, 'inject <fault>', 'one fault on a system that runs, without a load: proven, kept up, undone', [
    "stampede chaos inject 'latency link=orders->shard-eu-0 latencyMs=800' --for 60s",
    "stampede chaos inject 'kill node=role=gateway' --limit 1 --for 20s",
    "stampede chaos inject 'down link=redis' --toxiproxy http://127.0.0.1:8474 --protocol redis",
    "stampede chaos inject 'pause node=service=api' --docker --for 10s",
  ])
    .option('--for <duration>', 'how long it lasts', durationMs, 30_000)
    .option(
      '--toxiproxy <url>',
      'the proxies of this server are the links (default: those of the target that is up here)',
    )
    .addOption(
      new Option('--protocol <name>', 'what those proxies speak')
        .choices(['http', 'postgres', 'redis'])
        .default('http'),
    )
    .option('--docker', 'the containers of this machine are the nodes')
    .option('--topology <file>', 'nodes and links as this file has them')
    .option('--limit <number>', 'at most so many of the targets that are selected', wholeNumber)
    .option('--percent <number>', 'at most this share of them', wholeNumber)
    .option('--never <selectors...>', 'nodes and links that must not be hit')
    .option('--seed <number>', 'of the draw among more targets than that', wholeNumber, 1)
    .option('--idle', 'an effect on a link that nobody uses counts too')
    .action(async (text: string, { for: forMs, never = [], ...options }: InjectCommandOptions) =>
      done(await injectCommand(text, { ...options, forMs, never, say: (line) => process.stderr.write(`${line}\n`) })),
    );
  add(chaos, 'stop', 'end every run and injection here: all faults are undone at once, exit 5 for the runs', [
    'stampede chaos stop',
    "stampede chaos stop --reason 'customers are calling'",
  ])
    .option('--reason <text>', 'what the report says', 'by stampede chaos stop')
    .action(async (options: { reason: string }) => done(await chaosStop(options)));
  add(chaos, 'undo', 'heal what earlier runs left behind', ['stampede chaos undo', 'stampede chaos undo --all'])
    .option('--all', 'also faults of runs that are still alive')
    .action(async (options: { all?: boolean }) => done(await chaosUndo({ all: options.all ?? false })));
  add(chaos, 'status', 'faults that are, or may be, in place', ['stampede chaos status']).action(() =>
    done(chaosStatus()),
  );
  add(chaos, 'catalog', 'every fault, its settings and its proof', ['stampede chaos catalog']).action(() =>
    done(chaosCatalog()),
  );

  program
    .command('toxiproxy')
    .description('the embedded fault proxy by itself; takes the flags of toxiproxy-server')
    .allowUnknownOption()
    .helpOption(false)
    .argument('[flags...]')
    .action(async (flags: string[]) => done(await toxiproxy(flags)));

  add(program, 'doctor', 'what is missing here, and how to get it', [
    'stampede doctor',
    'stampede doctor --json',
  ]).action(async () => done(await doctorCommand()));

  for (const command of [program, ...program.commands, ...target.commands, ...chaos.commands]) command.exitOverride();
  return program;
}

function partChoice(text: string): PartChoice {
  const parsed = parseChoice(text);
  if (parsed.kind === 'choice') return parsed.choice;
  throw new InvalidArgumentError(`${parsed.problems.map((problem) => `\n  ${problem}`).join('')}`);
}

function targetOption(about: string): Option {
  return new Option('--target <which>', about).choices(['reference', 'compose']);
}

function nonce(text: string): string {
  if (/^[\w.-]{1,100}$/.test(text)) return text;
  throw new InvalidArgumentError(
    `Expected 1 to 100 letters, digits, '.', '-' or '_', as plan.json has it, got ${JSON.stringify(text)}.`,
  );
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`Expected a whole number, got '${text}'.`);
  return Number(text);
}

function portNumber(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new InvalidArgumentError(`Expected a port, 1 to 65535, got '${text}'.`);
  return port;
}

function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError(`Expected a duration such as '30s', got '${text}'.`);
  return ms;
}

function profileNames(text: string): Profile[] {
  const names = text.split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !(PROFILES as readonly string[]).includes(name));
  if (unknown.length === 0) return PROFILES.filter((profile) => names.includes(profile));
  throw new InvalidArgumentError(`There is no ${unknown.join(' and no ')}; there is ${PROFILES.join(' and ')}.`);
}

function mutantNames(text: string): string[] {
  const names = text.split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !(MUTANTS as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(`There is no ${unknown.join(' and no ')}; there is ${MUTANTS.join(' and ')}.`);
  }
  return names;
}

/** Runs the fault proxy in the foreground, as the original's binary would. */
function monitorName(text: string): string | undefined {
  if (text === 'embedded') return undefined;
  if (text === 'prometheus' || (/^https?:\/\//.test(text) && URL.canParse(text))) return text;
  throw new InvalidArgumentError("expected 'embedded', 'prometheus', or an address such as http://127.0.0.1:9090");
}

/** Serving ends with a signal: what it tells is told at its beginning. */
function tellServed(ready: { url: string; run: string; fromMs: number; toMs: number }): void {
  if (jsonWanted) process.stdout.write(`${JSON.stringify(ready)}\n`);
  const at = Number.isNaN(ready.toMs) ? '' : `--time ${new Date(ready.toMs).toISOString()} `;
  const lines = [`serving ${ready.run} at ${ready.url}, Ctrl-C ends it`];
  lines.push(
    `  ask      promtool query instant ${at}${ready.url} up`,
    `  Grafana  a Prometheus data source with this address`,
  );
  process.stderr.write(`${lines.join('\n')}\n`);
}

async function toxiproxy(flags: string[]): Promise<CommandResult> {
  const child = spawn(process.execPath, [join(packageRoot, 'chaos/toxiproxy/main.ts'), ...flags], { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  const exitCode = await new Promise<number>((resolve) =>
    child.on('exit', (code) => resolve(code ?? EXIT.environment)),
  );
  return { exitCode, text: '', json: null };
}

/** What happened, what proves it, what to do; then code and exit code, last. */
function report(error: unknown): ExitCode {
  const known = error instanceof StampedeError ? error : undefined;
  const code = known?.code ?? 'bug';
  const exitCode = known?.exitCode ?? EXIT.inconclusive;
  const message = known?.message ?? `Stampede has a bug: ${messageOf(error)}`;
  const lines = [message];
  const problems = known?.problems ?? [];
  for (const [index, problem] of problems.entries()) {
    const place = problem.at === undefined ? '' : `  ${problem.at}`;
    lines.push('', `  ${index + 1}  ${problem.path}${place}`, `     ${problem.message}`);
  }
  const facts = known?.facts ?? [];
  if (facts.length > 0) lines.push('', ...facts.map((fact) => `  ${fact}`));
  if (known?.hint !== undefined) lines.push('', `  do   ${known.hint}`);
  lines.push('', `  code ${code} · exit ${exitCode}`, '');
  process.stderr.write(lines.join('\n'));
  if (known === undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (jsonWanted) {
    const { hint } = known ?? {};
    const json = { error: { code, message, problems, facts, ...(hint === undefined ? {} : { hint }), exitCode } };
    process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  }
  return exitCode;
}
