import { join } from 'node:path';
import { allNodes } from '../../chaos/control.ts';
import type { Profile } from '../../target-app/compose/layout.ts';
import { choiceText, EMBEDDED, type PartChoice } from '../../target-app/parts/choice.ts';
import { EXIT, StampedeError } from '../errors.ts';
import { targetDirectory } from '../places.ts';
import { hasStack, type StackOptions, stackDown, stackStatus, stackTopologyOf, stackUp } from '../targets/compose.ts';
import { runningTarget, startReference, stopReference, type TargetEvent } from '../targets/reference.ts';
import { readTopology } from '../targets/target.ts';
import type { CommandResult } from './command.ts';

export interface TargetUpOptions {
  target: 'reference' | 'compose';
  port?: number;
  profile?: Profile[];
  mutants?: string[];
  with?: PartChoice;
  say: (line: string) => void;
}

/** `stampede target up`: the reference shop, up until `target down`. */
export async function targetUp(options: TargetUpOptions): Promise<CommandResult> {
  const interrupt = new AbortController();
  const onSignal = () =>
    interrupt.abort(
      new StampedeError('interrupted', 'Interrupted; the target was not started.', { exitCode: EXIT.interrupted }),
    );
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const up = options.target === 'compose' ? upInContainers : upEmbedded;
  return await up(options, interrupt.signal).finally(() => process.off('SIGINT', onSignal).off('SIGTERM', onSignal));
}

async function upEmbedded(options: TargetUpOptions, signal: AbortSignal): Promise<CommandResult> {
  const already = runningTarget(targetDirectory);
  if (already) {
    throw new StampedeError('target/already-up', `The reference target is up already, at ${already.entry}.`, {
      exitCode: EXIT.environment,
      facts: [`since ${already.startedAt}, supervisor pid ${already.supervisorPid}`],
      hint: 'stampede target down ends it; stampede run joins it',
    });
  }
  const fromMs = performance.now();
  const target = await startReference({
    directory: targetDirectory,
    tethered: false,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.with === undefined ? {} : { parts: options.with }),
    ...(options.mutants === undefined ? {} : { mutants: options.mutants }),
    onEvent: (event) => tell(event, options.say),
    signal,
  });
  const topology = target.topology();
  const tookMs = Math.round(performance.now() - fromMs);
  const real = choiceText(options.with ?? EMBEDDED);
  const text = [
    `The reference shop is up at ${target.entry} (${seconds(tookMs)})`,
    `  ${topology.nodes.length} nodes, ${topology.links.length} links through the fault proxy${real === '' ? '' : `; ${real}`}`,
    `  try   curl -s ${target.entry}/v1/products | head -c 300`,
    '  then  stampede target status · stampede target down',
    '',
  ].join('\n');
  return { exitCode: 0, text, json: { entry: target.entry, tookMs, topology } };
}

async function upInContainers(options: TargetUpOptions, signal: AbortSignal): Promise<CommandResult> {
  const fromMs = performance.now();
  const stackOptions: StackOptions = {
    checkout: process.cwd(),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.profile === undefined ? {} : { profiles: options.profile }),
    ...(options.mutants === undefined ? {} : { mutants: options.mutants }),
    say: (line) => options.say(`  ${line}`),
    onReady: (node, tookMs) => options.say(`  ${node} ready (${seconds(tookMs)})`),
    signal,
  };
  const { entry, joined, state, topology } = await stackUp(stackOptions);
  const tookMs = Math.round(performance.now() - fromMs);
  const { nodes, links } = topology();
  const text = [
    joined
      ? `The shop in containers is up already at ${entry}, since ${state.startedAt}`
      : `The shop in containers is up at ${entry} (${seconds(tookMs)})`,
    `  ${nodes.length} nodes, ${links.length} links through Toxiproxy`,
    `  Prometheus  ${state.prometheus}`,
    `  try   stampede run scenarios/first-run.ts --target compose`,
    '  then  stampede target status · stampede target down',
    '',
  ].join('\n');
  return { exitCode: 0, text, json: { entry, tookMs, joined, prometheus: state.prometheus, topology: topology() } };
}

/** Of both kinds: one may be up beside the other. */
export async function targetStatus(): Promise<CommandResult> {
  const running = runningTarget(targetDirectory);
  const stack = hasStack(process.cwd()) ? await stackStatus(process.cwd()) : undefined;
  const lines: string[] = [];
  const json: Record<string, unknown> = { up: running !== undefined || stack !== undefined };
  if (running) {
    const nodes = await allNodes(running.control, AbortSignal.timeout(5_000));
    const topology = readTopology(join(targetDirectory, 'target/topology.json'));
    lines.push(
      `The reference shop is up at ${running.entry}, since ${running.startedAt}`,
      ...table(nodes.map(({ name, state, pid, part }) => [name, state, `pid ${pid ?? '–'}`, part ?? ''])),
    );
    Object.assign(json, { entry: running.entry, parts: running.parts, nodes, topology });
  }
  if (stack) {
    const { state, containers } = stack;
    const rows = containers.map(({ service, state: how, exitCode, name }) => {
      return [service, how === 'exited' ? (exitCode === 0 ? 'done' : `exit ${exitCode}`) : how, name];
    });
    lines.push(
      `The shop in containers is up at ${state.entry}, since ${state.startedAt}`,
      `  Prometheus ${state.prometheus}`,
      ...table(rows.sort(([a = ''], [b = '']) => a.localeCompare(b))),
    );
    json.compose = { ...state, containers, topology: stackTopologyOf(process.cwd()) };
  }
  if (lines.length > 0) return { exitCode: 0, text: `${lines.join('\n')}\n`, json };
  const text = 'The reference target is not up. stampede target up starts it.\n';
  return { exitCode: EXIT.environment, text, json };
}

/** Ends whatever is up. Containers are asked for only where there is a sign of them, or when they were meant. */
export async function targetDown(which: 'reference' | 'compose' | undefined): Promise<CommandResult> {
  const said: string[] = [];
  if (which !== 'compose' && (await stopReference(targetDirectory, AbortSignal.timeout(20_000))))
    said.push('The reference target is down.');
  const checkout = process.cwd();
  if (which === 'compose' || (which === undefined && hasStack(checkout))) {
    if (await stackDown(checkout)) said.push('The shop in containers is down; nothing of it is left.');
  }
  const text = said.length > 0 ? said.join('\n') : 'The reference target was not up.';
  return { exitCode: 0, text: `${text}\n`, json: { stopped: said.length > 0 } };
}

function table(rows: readonly string[][]): string[] {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function tell(event: TargetEvent, say: (line: string) => void): void {
  if (event.event === 'node-ready') say(`  ${event.node} ready (${seconds(event.tookMs)})`);
}
