import { join } from 'node:path';
import { allNodes } from '../../chaos/control.ts';
import { choiceText, EMBEDDED, type PartChoice } from '../../target-app/parts/choice.ts';
import { EXIT, StampedeError } from '../errors.ts';
import { targetDirectory } from '../places.ts';
import { readTopology, runningTarget, startReference, stopReference, type TargetEvent } from '../target.ts';
import type { CommandResult } from './command.ts';

/** `stampede target up`: the reference target, up until `target down`. */
export async function targetUp(options: {
  port?: number;
  mutants?: string[];
  with?: PartChoice;
  say: (line: string) => void;
}): Promise<CommandResult> {
  const already = runningTarget(targetDirectory);
  if (already) {
    throw new StampedeError('target/already-up', `The reference target is up already, at ${already.entry}.`, {
      exitCode: EXIT.environment,
      facts: [`since ${already.startedAt}, supervisor pid ${already.supervisorPid}`],
      hint: 'stampede target down ends it; stampede run joins it',
    });
  }
  const fromMs = performance.now();
  const interrupt = new AbortController();
  const onSignal = () =>
    interrupt.abort(
      new StampedeError('interrupted', 'Interrupted; the target was not started.', { exitCode: EXIT.interrupted }),
    );
  process.once('SIGINT', onSignal);
  const target = await startReference({
    directory: targetDirectory,
    tethered: false,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.with === undefined ? {} : { parts: options.with }),
    ...(options.mutants === undefined ? {} : { mutants: options.mutants }),
    onEvent: (event) => tell(event, options.say),
    signal: interrupt.signal,
  }).finally(() => process.off('SIGINT', onSignal));
  const topology = target.topology();
  const tookMs = Math.round(performance.now() - fromMs);
  const real = choiceText(options.with ?? EMBEDDED);
  const text = [
    `The reference shop is up at ${target.entry} (${(tookMs / 1_000).toFixed(1)} s)`,
    `  ${topology.nodes.length} nodes, ${topology.links.length} links through the fault proxy${real === '' ? '' : `; ${real}`}`,
    `  try   curl -s ${target.entry}/v1/products | head -c 300`,
    '  then  stampede target status · stampede target down',
    '',
  ].join('\n');
  return { exitCode: 0, text, json: { entry: target.entry, tookMs, topology } };
}

export async function targetStatus(): Promise<CommandResult> {
  const running = runningTarget(targetDirectory);
  if (!running)
    return {
      exitCode: EXIT.environment,
      text: 'The reference target is not up. stampede target up starts it.\n',
      json: { up: false },
    };
  const nodes = await allNodes(running.control, AbortSignal.timeout(5_000));
  const topology = readTopology(join(targetDirectory, 'target/topology.json'));
  const width = Math.max(...nodes.map((node) => node.name.length));
  const lines = nodes.map(({ name, state, pid, part }) => {
    const line = `  ${name.padEnd(width)}  ${state.padEnd(8)}  pid ${pid ?? '–'}`;
    return part === undefined ? line : `${line.padEnd(width + 24)}${part}`;
  });
  const text = [`The reference shop is up at ${running.entry}, since ${running.startedAt}`, ...lines, ''].join('\n');
  return { exitCode: 0, text, json: { up: true, entry: running.entry, parts: running.parts, nodes, topology } };
}

export async function targetDown(): Promise<CommandResult> {
  const stopped = await stopReference(targetDirectory, AbortSignal.timeout(20_000));
  const text = stopped ? 'The reference target is down.\n' : 'The reference target was not up.\n';
  return { exitCode: 0, text, json: { stopped } };
}

function tell(event: TargetEvent, say: (line: string) => void): void {
  if (event.event === 'node-ready') say(`  ${event.node} ready (${(event.tookMs / 1_000).toFixed(1)} s)`);
}
