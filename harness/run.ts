import { join } from 'node:path';
import { heal } from '../chaos/heal.ts';
import type { ReportModel } from '../reports/model.ts';
import type { LiveState } from '../reports/terminal/live-state.ts';
import { writeReports } from '../reports/write.ts';
import type { PartChoice } from '../target-app/parts/choice.ts';
import { type RunClock, startClock } from './clock.ts';
import { messageOf, StampedeError } from './errors.ts';
import { type Journal, type JournalLine, openJournal } from './journal.ts';
import { LiveTracker } from './live.ts';
import type { RuleGroup } from './monitor/rules/rule-file.ts';
import { RUN_FILES, reportOf } from './read-run.ts';
import { createRunDirectory, outputError } from './run-directory.ts';
import { Load } from './running/load.ts';
import { loadAndFaults } from './running/load-and-faults.ts';
import { lookAround } from './running/look-around.ts';
import { OBSERVE_DEFAULT, type ObserveAddress } from './running/observe-address.ts';
import { serveObservers } from './running/observe-server.ts';
import { startRules } from './running/rules.ts';
import { RunMetrics } from './running/run-metrics.ts';
import { askPrometheus } from './running/second-opinion.ts';
import { scrapesOf, watch } from './running/watch.ts';
import type { Plan } from './scenario/plan.ts';
import { targetOf } from './target.ts';
import type { Target } from './targets/target.ts';

export interface RunOptions {
  plan: Plan;
  /** As the user would type it again. */
  command: string;
  version: string;
  /** `prometheus` starts one, an address asks one that runs; undefined for the embedded monitor alone. */
  monitor?: string | undefined;
  /** The user's own, run beside the burn-rate rules of the promises. */
  rules?: RuleGroup[];
  /** Where the run's own metrics are served and alerts are taken; on a free port of 127.0.0.1 unless told otherwise. */
  observe?: ObserveAddress;
  /** What the reference target is made of, when that is not as it comes. */
  parts?: PartChoice;
  /** `checkout` is the working directory, which has one stack of containers. */
  places: { runs: string; undo: string; live: string; target: string; checkout: string };
  /** What a long start of the target has to say, a line each. */
  say: (line: string) => void;
  /** Every journal event as it happens. */
  onEvent: (line: JournalLine) => void;
  /** Twice a second. */
  onLive: (state: LiveState) => void;
  /** Aborting drains, heals, and judges what there is. */
  interrupt: AbortSignal;
}

/**
 * One run, from a plan to its report: the target and the agents come up, the monitor sees them all, load and faults run
 * on one clock, everything is healed and looked at, and what was written down is judged.
 */
export async function run(options: RunOptions): Promise<ReportModel> {
  const { plan, places } = options;
  const clock = startClock();
  const { id, directory } = createRunDirectory(places.runs, plan, new Date(clock.zero.epochMs));
  const live = new LiveTracker(plan);
  const metrics = new RunMetrics(plan);
  const broken = new AbortController();
  const journal = openJournal(join(directory, RUN_FILES.journal), clock.nowMs, {
    onEvent(line) {
      live.event(line);
      metrics.event(line);
      options.onEvent(line);
    },
    onFailure: (error) => broken.abort(outputError(directory, error)),
  });
  const drawing = setInterval(() => {
    const state = live.state(clock.nowMs());
    metrics.live(state);
    options.onLive(state);
  }, LIVE_EVERY_MS);
  const cleanups: (() => Promise<void> | void)[] = [() => clearInterval(drawing), () => journal.close()];
  let loadEnded = false;
  const giveUp = AbortSignal.any([options.interrupt, broken.signal]);
  try {
    tellWhatRuns(journal, id, clock, options);
    for (const healed of await heal(places.undo, { all: false, deadlineMs: HEAL_MS }))
      journal.write({ kind: 'healed', ...healed });

    const target = await bringUp(plan, options, journal, clock, giveUp);
    cleanups.push(() => target.stop());
    const agentUrls: string[] = [];
    const observe = await serveObservers(options.observe ?? target.observe ?? OBSERVE_DEFAULT, {
      id,
      metrics: () => metrics.text(),
      agentUrls: () => agentUrls,
      onAlert: (event) => journal.write(event),
    });
    cleanups.push(() => observe.close());

    const load = new Load(plan, target, directory, clock, journal, live, (error) => broken.abort(error));
    cleanups.push(() => load.close());
    agentUrls.push(...(await load.ready(giveUp)));
    const wanted = options.monitor;
    const harnessUrl = `${observe.url}/metrics`;
    const watching = await watch({
      id,
      target,
      agentUrls,
      harnessUrl,
      directory,
      clock,
      journal,
      signal: giveUp,
      wanted,
    });
    cleanups.push(() => watching.stop());
    const { embedded, prometheus } = watching;
    const monitor = prometheus ?? embedded;
    const rules = startRules(plan, options.rules ?? [], embedded, { directory, clock, journal });
    cleanups.push(() => rules.stop());

    const { interrupt } = options;
    const parts = { id, plan, target, load, monitor, embedded, journal, live, clock };
    const ended = await loadAndFaults({
      ...parts,
      undoDirectory: places.undo,
      liveDirectory: places.live,
      interrupt,
      broken: broken.signal,
    });
    journal.write({ kind: 'load ended', ...ended });
    loadEnded = true;

    live.phase('judging');
    await lookAround(plan, target, directory, journal);
    await rules.stop();
    await Promise.all([embedded.scrapeNow(), prometheus?.scrapeNow()]);
    journal.write({ kind: 'scrapes', done: await scrapesOf(embedded, clock), failed: embedded.gaps() });
    if (prometheus !== undefined) await askPrometheus(directory, prometheus, journal);
    journal.write({ kind: 'run ended' });
    if (broken.signal.aborted && broken.signal.reason instanceof StampedeError) throw broken.signal.reason;
  } catch (error) {
    // A run that could not be made is reported too: a job that waits for junit.xml must not find nothing.
    if (!loadEnded) {
      const reason = options.interrupt.aborted ? 'interrupted' : 'broken';
      journal.write({ kind: 'load ended', reason, why: messageOf(error) });
    }
    await cleanUp(cleanups);
    await reportOf(directory)
      .then((model) => writeReports(model, directory))
      .catch(() => {});
    throw error;
  }
  await cleanUp(cleanups);
  const model = await reportOf(directory);
  const { warnings } = await writeReports(model, directory).catch((error: unknown) => {
    throw outputError(directory, error);
  });
  model.verdict.warnings.push(...warnings);
  return model;
}

/** In reverse order. Whatever fails must not keep the rest from being cleaned up. */
async function cleanUp(cleanups: (() => Promise<void> | void)[]): Promise<void> {
  for (const cleanup of cleanups.reverse()) {
    try {
      await cleanup();
    } catch {}
  }
}

const LIVE_EVERY_MS = 500;
const HEAL_MS = 15_000;

function tellWhatRuns(journal: Journal, id: string, clock: RunClock, options: RunOptions): void {
  journal.write({
    kind: 'run started',
    version: 1,
    id,
    startedAt: new Date(clock.zero.epochMs).toISOString(),
    epochMs: clock.zero.epochMs,
    command: options.command,
    versions: { stampede: options.version, node: process.version, platform: `${process.platform} ${process.arch}` },
  });
}

async function bringUp(
  plan: Plan,
  options: RunOptions,
  journal: Journal,
  clock: RunClock,
  signal: AbortSignal,
): Promise<Target> {
  const fromMs = clock.nowMs();
  const target = await targetOf(plan.target, {
    directory: options.places.target,
    ...(options.parts === undefined ? {} : { parts: options.parts }),
    checkout: options.places.checkout,
    say: options.say,
    signal,
    onEvent(event) {
      if (event.event !== 'node-exited') return;
      const how = event.signal ? `killed by ${event.signal}` : `exit code ${event.code}`;
      journal.write({ kind: 'node exited', node: event.node, how, restarted: event.restarted });
    },
  });
  const { nodes, links, scrapes } = target.topology();
  const tookMs = clock.nowMs() - fromMs;
  const counts = { nodes: nodes.length, links: links.length, scrapes: scrapes.length };
  journal.write({ kind: 'target ready', entry: target.entry, ...counts, tookMs, ours: target.ours });
  return target;
}
