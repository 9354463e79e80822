import { setTimeout as sleep } from 'node:timers/promises';
import { readFaultText } from '../../chaos/fault-text.ts';
import { type CrashPoint, runTimeline } from '../../chaos/timeline.ts';
import { together } from '../../chaos/together.ts';
import { openUndoJournal } from '../../chaos/undo-journal.ts';
import { startWatchdog } from '../../chaos/watchdog/start.ts';
import { readTopology } from '../targets/target.ts';
import { type DriverSpec, driverSpecSchema } from './driver-spec.ts';
import type { Point } from './points.ts';

/**
 * A harness that kills itself (SIGKILL) at one point of a fault's life. Its argument is a DriverSpec. It exits with a sentence when
 * it lives on: the point was never reached.
 */
async function run({
  run,
  undoDirectory,
  topology: file,
  fault: text,
  point,
  watchdog,
  forMs,
}: DriverSpec): Promise<void> {
  const bound = readFaultText(text);
  const resolved = bound.ok ? bound.fault.resolve(readTopology(file)) : undefined;
  if (!resolved?.ok) throw new Error(`'${text}' cannot be injected: ${JSON.stringify(resolved ?? bound)}`);
  const fault = together(resolved.targets);
  const journal = openUndoJournal(undoDirectory, run);
  if (watchdog) await startWatchdog(journal.path, (why) => process.stderr.write(`no watchdog: ${why}\n`)).ready;
  const halt = new AbortController();
  const zeroMs = performance.now();
  const nowMs = () => performance.now() - zeroMs;
  let passedProof = false;
  await runTimeline({
    faults: [{ id: `stampede-${run}`, name: fault.kind, atMs: 0, forMs, fault }],
    journal,
    nowMs,
    sleepUntil: (tMs, signal) => sleep(Math.max(0, tMs - nowMs()), undefined, { signal }),
    onEvent({ state, evidence }) {
      passedProof ||= state === 'proven';
      if (['unproven', 'failed', 'effect lost', 'not clean'].includes(state))
        process.stderr.write(`${state}: ${evidence ?? ''}\n`);
    },
    onPoint(reached) {
      if (reached === point) die();
      const within = WITHIN[reached];
      if (within === point) setTimeout(die, WITHIN_MS);
      // The call took less: this is as near as one can come.
      if (AFTER[reached] === point) die();
      // Whoever is to die later need not wait for the fault's end.
      if (reached === 'proven') halt.abort();
    },
    signal: halt.signal,
  });
  if (!passedProof) process.stderr.write('the fault was not proven\n');
}

const WITHIN: Partial<Record<CrashPoint, Point>> = { 'before applied': 'applying', 'before undone': 'undoing' };
const AFTER: Partial<Record<CrashPoint, Point>> = { applied: 'applying', undone: 'undoing' };
const WITHIN_MS = 3;

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

const spec = driverSpecSchema.parse(JSON.parse(process.argv[2] ?? ''));
await run(spec);
process.stderr.write(`the point '${spec.point}' was never reached\n`);
process.exit(1);
