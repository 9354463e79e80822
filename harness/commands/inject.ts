import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AimedFault } from '../../chaos/catalogue.ts';
import { dockerTopology } from '../../chaos/docker/docker-topology.ts';
import { readFaultText } from '../../chaos/fault-text.ts';
import { proxiesTopology } from '../../chaos/proxies-topology.ts';
import { type FaultEvent, runTimeline } from '../../chaos/timeline.ts';
import { together } from '../../chaos/together.ts';
import type { Topology, TopologyLink } from '../../chaos/topology.ts';
import { openUndoJournal } from '../../chaos/undo-journal.ts';
import { startWatchdog } from '../../chaos/watchdog/start.ts';
import { plainLine } from '../../reports/terminal/plain.ts';
import { EXIT, type ExitCode, messageOf, StampedeError } from '../errors.ts';
import { Random } from '../load/random.ts';
import { targetDirectory, undoDirectory } from '../places.ts';
import { blastCapOf } from '../project-config.ts';
import { chooseTargets } from '../scenario/blast-radius.ts';
import { sentenceOf } from '../sentences.ts';
import { runningTarget } from '../targets/reference.ts';
import { readTopology } from '../targets/target.ts';
import { formatDuration } from '../units.ts';
import type { CommandResult } from './command.ts';

export interface InjectOptions {
  forMs: number;
  toxiproxy?: string;
  protocol: TopologyLink['protocol'];
  docker?: boolean;
  topology?: string;
  limit?: number;
  percent?: number;
  never: string[];
  seed: number;
  /** An effect on a link that nobody uses counts too. */
  idle?: boolean;
  say: (line: string) => void;
}

/**
 * `stampede chaos inject`: one fault on a system that runs, without a load: injected, proven, kept up for its time, undone and
 * proven undone. An interrupt undoes it at once.
 */
export async function injectCommand(text: string, options: InjectOptions): Promise<CommandResult> {
  const fault = await aimed(text, options);
  const run = `inject-${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}-${process.pid}`;
  const journal = openUndoJournal(undoDirectory, run);
  const zeroMs = performance.now();
  const nowMs = () => performance.now() - zeroMs;
  const events: (FaultEvent & { tMs: number })[] = [];
  const halt = new AbortController();
  const onSignal = () => {
    if (halt.signal.aborted) process.exit(EXIT.interrupted);
    options.say('Undoing it. Again ends at once: its watchdog undoes it then.');
    halt.abort();
  };
  const watchdog = startWatchdog(journal.path, (why) => options.say(`there is no watchdog: ${why}`));
  await watchdog.ready;
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await runTimeline({
      faults: [{ id: `stampede-${run}`, name: fault.kind, atMs: 0, forMs: options.forMs, fault }],
      journal,
      nowMs,
      sleepUntil: (tMs, signal) => sleep(Math.max(0, tMs - nowMs()), undefined, { signal }),
      onEvent(event) {
        const tMs = nowMs();
        events.push({ ...event, tMs });
        const sentence = sentenceOf({ kind: 'fault', ...event, tMs });
        if (sentence) options.say(plainLine(tMs, sentence.verb, sentence.text));
        if (event.state === 'proven') options.say(`  for ${formatDuration(options.forMs)}; Ctrl-C undoes it at once`);
      },
      signal: halt.signal,
    });
  } finally {
    journal.close();
    if (!existsSync(journal.path)) watchdog.dismiss();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
  return resultOf(fault, events);
}

async function aimed(text: string, options: InjectOptions): Promise<AimedFault> {
  const bound = readFaultText(text);
  if (!bound.ok) {
    throw new StampedeError('chaos/fault', `'${text}' is no fault; nothing was injected.`, {
      exitCode: EXIT.usage,
      problems: bound.problems.map(({ path, message }) => ({ path: path.join('.'), message })),
      hint: 'stampede chaos catalog lists all faults and their settings',
    });
  }
  const topology = await topologyFor(options);
  const resolved = bound.fault.resolve(topology);
  if (!resolved.ok) throw nothingHit(resolved.problem);
  const { limit, percent, never, seed, idle } = options;
  const random = new Random(seed, `targets of ${bound.fault.kind}`, 0);
  const cap = blastCapOf(process.cwd());
  const chosen = chooseTargets(resolved.targets, { limit, percent, never }, cap, topology, random);
  if (!chosen.ok) throw nothingHit(chosen.problem);
  const fault = together(chosen.targets);
  if (!idle) return fault;
  return { ...fault, prove: (before, signal) => fault.prove({ ...before, proven: true }, signal) };
}

function nothingHit(problem: string): StampedeError {
  return new StampedeError('chaos/target', `Nothing was injected: ${problem}`, { exitCode: EXIT.usage });
}

async function topologyFor({ toxiproxy, protocol, docker, topology }: InjectOptions): Promise<Topology> {
  const soon = AbortSignal.timeout(10_000);
  try {
    if (topology !== undefined) return readTopology(topology);
    if (toxiproxy !== undefined) return await proxiesTopology(toxiproxy.replace(/\/$/, ''), protocol, soon);
    if (docker) return await dockerTopology(soon);
  } catch (error) {
    if (error instanceof StampedeError) throw error;
    throw new StampedeError('chaos/unreachable', `Nothing was injected: ${messageOf(error)}.`, {
      exitCode: EXIT.environment,
    });
  }
  if (runningTarget(targetDirectory)) return readTopology(join(targetDirectory, 'target/topology.json'));
  throw new StampedeError('chaos/no-target', 'Nothing was injected: there is no target here.', {
    exitCode: EXIT.environment,
    hint: 'stampede target up starts the reference target; or say --toxiproxy URL, --docker, or --topology FILE',
  });
}

function resultOf(fault: AimedFault, events: readonly (FaultEvent & { tMs: number })[]): CommandResult {
  const at = (state: FaultEvent['state']) => events.find((event) => event.state === state);
  const proven = at('proven') !== undefined && at('effect lost') === undefined;
  const applied = at('recorded') !== undefined;
  const clean = !applied || at('clean') !== undefined;
  const told = at('unproven') ?? at('effect lost') ?? at('failed') ?? at('not clean');
  const exitCode: ExitCode = clean ? (proven ? EXIT.passed : EXIT.inconclusive) : EXIT.environment;
  const mark = proven && clean ? '✓' : clean ? '?' : '✗';
  const what = proven ? 'proven' : applied ? 'not proven' : 'not injected';
  const text = [
    `${mark} ${fault.kind} on ${fault.target}: ${what}${applied ? `, ${clean ? 'undone and proven clean' : 'NOT undone'}` : ''}`,
    ...(told?.evidence === undefined ? [] : [`  ${told.evidence}`]),
    ...(clean ? [] : ['  do   stampede chaos undo tries again']),
    '',
  ].join('\n');
  const json = { fault: fault.kind, target: fault.target, settings: fault.settings, proven, clean, events };
  return { exitCode, text, json };
}
