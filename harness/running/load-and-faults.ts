import { existsSync } from 'node:fs';
import { runTimeline } from '../../chaos/timeline.ts';
import { openUndoJournal } from '../../chaos/undo-journal.ts';
import { startWatchdog } from '../../chaos/watchdog/start.ts';
import { type RunClock, sleepUntil } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { StopPlan } from '../scenario/plan.ts';
import { withHarness } from '../scenario/with-harness.ts';
import { aim } from './aim.ts';
import { awaitCondition, type ConditionClock, valuesOf } from './condition.ts';
import { serveControls } from './control-server.ts';
import { controlsOf } from './controls.ts';
import { hooksOf } from './hooks.ts';
import type { Ended, Running } from './running.ts';
import { Steering } from './steering.ts';
import { StopRules } from './stop-rules.ts';

/** Load and faults together, until the load is over or something ends it. Every fault is undone when it returns. */
export async function loadAndFaults(running: Running): Promise<Ended> {
  const { plan, target, load, journal, live, clock } = running;
  const undos = openUndoJournal(running.undoDirectory, running.id);
  const halt = new AbortController();
  const end = Promise.withResolvers<Ended>();
  const onInterrupt = () => end.resolve({ reason: 'interrupted', why: 'by a signal' });
  const onBroken = () => end.resolve({ reason: 'broken', why: messageOf(running.broken.reason) });
  if (running.interrupt.aborted) onInterrupt();
  running.interrupt.addEventListener('abort', onInterrupt, { once: true });
  running.broken.addEventListener('abort', onBroken, { once: true });
  target.gone.then((how) => end.resolve({ reason: 'broken', why: `the target ended by itself (${how})` }));

  const watchdog = plan.faults.length > 0 ? startWatchdog(undos.path, noWatchdog(journal)) : undefined;
  await watchdog?.ready;
  const hooks = await hooksOf(plan, target, journal);
  const setup = await hooks.setup();
  const startMs = clock.nowMs() + BARRIER_MS;
  load.start(startMs, setup);
  const steering = new Steering(plan);
  const controls = controlsOf(running, steering, startMs, end.resolve);
  const server = await serveControls(controls, running.liveDirectory, {
    id: running.id,
    scenario: plan.name,
    pid: process.pid,
  });
  load.finished.then(() => end.resolve({ reason: 'completed', why: 'every agent has finished' }));
  const topology = withHarness(target.topology(), { control: server.api, agentPids: load.agentPids });
  const faults = runTimeline({
    faults: plan.faults.map((planned) => {
      const { name, atMs, forMs, after } = planned;
      const fault = aim(planned, topology);
      return {
        id: `stampede-${running.id}-${name}`,
        name,
        atMs: startMs + atMs,
        forMs,
        fault,
        ...(after === undefined
          ? {}
          : { condition: (signal) => awaitCondition(after, running.monitor, clockOf(clock), signal) }),
      };
    }),
    journal: undos,
    nowMs: clock.nowMs,
    sleepUntil: (tMs, signal) => sleepUntil(clock, tMs, signal),
    async sleepUntilPlanned(tMs, signal) {
      // A hold may begin while it waits, so it looks again and again.
      for (let leftMs = 1; leftMs > 0; ) {
        const nowMs = clock.nowMs();
        leftMs = tMs - startMs - steering.planMs(nowMs - startMs);
        if (leftMs > 0) await sleepUntil(clock, nowMs + Math.min(leftMs, steering.held ? 100 : leftMs, 250), signal);
      }
    },
    onEvent: (event) => journal.write({ kind: 'fault', ...event }),
    signal: halt.signal,
  });
  const questions = askEverySecond(running, end.resolve, halt.signal);

  const ended = await end.promise;
  live.phase(ended.reason === 'completed' ? 'healing' : 'draining');
  // Stopping what has finished already does no harm.
  load.stop();
  halt.abort(new Error(ended.why));
  await Promise.all([load.finished, faults, questions]);
  undos.close();
  // What could not be undone is left to the watchdog, which goes on trying when we are gone.
  if (!existsSync(undos.path)) watchdog?.dismiss();
  await server.close();
  await hooks.teardown(setup);
  return ended;
}

/** Once a second: what the objectives' expressions say now, for the live view, and whether a stop condition holds. */
async function askEverySecond(
  { plan, monitor, live, clock }: Running,
  end: (ended: Ended) => void,
  signal: AbortSignal,
): Promise<void> {
  const conditionClock = clockOf(clock);
  const ask = (expression: string) => valuesOf(expression, monitor, conditionClock).catch(() => []);
  const rules = new StopRules();
  const valuesFor = async (rule: StopPlan): Promise<(number | null)[]> => {
    switch (rule.source) {
      case 'promql':
        return await ask(rule.expression);
      case 'client':
        return [live.recent(rule.of, rule.measure, clock.nowMs())];
      case 'harness':
        return [live.health(rule.health)];
      default:
        return rule satisfies never;
    }
  };
  while (!signal.aborted) {
    for (const objective of plan.objectives) {
      if (objective.source !== 'promql') continue;
      for (const value of await ask(objective.expression)) {
        if (!Number.isNaN(value)) live.promql(objective, value);
      }
    }
    for (const rule of plan.stopWhen) {
      const why = rules.hear(rule, await valuesFor(rule), clock.nowMs());
      if (why !== undefined) end({ reason: 'stopped', why });
    }
    await sleepUntil(clock, clock.nowMs() + 1_000, signal).catch(() => {});
  }
}

function noWatchdog(journal: Running['journal']) {
  return (why: string) => {
    const then = 'should the harness be killed, faults are undone by their leases and by the next start';
    journal.write({ kind: 'warning', text: `there is no watchdog: ${why}; ${then}` });
  };
}

function clockOf(clock: RunClock): ConditionClock {
  return {
    nowMs: clock.nowMs,
    epochOf: clock.epochOf,
    sleepUntil: (tMs, signal) => sleepUntil(clock, tMs, signal),
  };
}

/** Between the word and the start: every agent must have heard it by then. */
const BARRIER_MS = 500;
