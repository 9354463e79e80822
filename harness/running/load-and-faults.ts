import { bindFault } from '../../chaos/catalogue.ts';
import { runTimeline } from '../../chaos/timeline.ts';
import type { Topology } from '../../chaos/topology.ts';
import { openUndoJournal } from '../../chaos/undo-journal.ts';
import { sleepUntil } from '../clock.ts';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import type { Plan } from '../scenario/plan.ts';
import { holds } from '../units.ts';
import { serveControls } from './control-server.ts';
import { controlsOf } from './controls.ts';
import { hooksOf } from './hooks.ts';
import type { Ended, Running } from './running.ts';
import { Steering } from './steering.ts';

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

  const hooks = await hooksOf(plan, target, journal);
  const setup = await hooks.setup();
  const startMs = clock.nowMs() + BARRIER_MS;
  load.start(startMs, setup);
  const steering = new Steering(plan);
  const controls = controlsOf(running, steering, startMs, end.resolve);
  const unserve = await serveControls(controls, running.liveDirectory, {
    id: running.id,
    scenario: plan.name,
    pid: process.pid,
  });
  load.finished.then(() => end.resolve({ reason: 'completed', why: 'every agent has finished' }));
  const faults = runTimeline({
    faults: aimed(plan, target.topology(), running.id, startMs),
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
  await unserve();
  await hooks.teardown(setup);
  return ended;
}

/** Targets are looked up once more, in the topology as it is: what the plan was checked against may have been on paper. */
function aimed(plan: Plan, topology: Topology, runId: string, startMs: number) {
  return plan.faults.map((planned) => {
    const bound = bindFault(planned.kind, planned.params);
    const resolved = bound.ok ? bound.fault.resolve(topology) : undefined;
    if (!resolved?.ok) {
      throw new StampedeError(
        'chaos/no-target',
        `Fault ${planned.name} hits nothing: ${resolved?.problem ?? 'its settings are wrong'}`,
        {
          exitCode: EXIT.usage,
        },
      );
    }
    const { name, atMs, forMs } = planned;
    return { id: `stampede-${runId}-${name}`, name, atMs: startMs + atMs, forMs, fault: resolved.targets[0] };
  });
}

/** Once a second: what the objectives' expressions say now, for the live view, and whether a stop condition holds. */
async function askEverySecond(
  { plan, monitor, live, clock }: Running,
  end: (ended: Ended) => void,
  signal: AbortSignal,
): Promise<void> {
  const since = new Map<number, number>();
  const ask = async (expression: string) => {
    const result = await monitor.query(expression.replaceAll('$window', '10s'), clock.epochOf(clock.nowMs()));
    return result.type === 'scalar' ? [result.value] : result.series.map((series) => series.value);
  };
  while (!signal.aborted) {
    for (const objective of plan.objectives) {
      if (objective.source !== 'promql') continue;
      for (const value of await ask(objective.expression).catch(() => [])) {
        if (!Number.isNaN(value)) live.promql(objective, value);
      }
    }
    for (const [index, rule] of plan.stopWhen.entries()) {
      const values = await ask(rule.expression).catch(() => []);
      if (!values.some((value) => holds(value, rule.op, rule.limitValue))) since.delete(index);
      else {
        const firstMs = since.get(index) ?? clock.nowMs();
        since.set(index, firstMs);
        if (clock.nowMs() - firstMs >= rule.forMs) {
          end({
            reason: 'stopped',
            why: `stop condition: ${rule.expression} ${rule.limit} for ${rule.forMs / 1_000} s`,
          });
        }
      }
    }
    await sleepUntil(clock, clock.nowMs() + 1_000, signal).catch(() => {});
  }
}

/** Between the word and the start: every agent must have heard it by then. */
const BARRIER_MS = 500;
