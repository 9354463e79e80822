import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { heal } from '../../chaos/heal.ts';
import { scanResidue } from '../../chaos/residue.ts';
import type { Topology } from '../../chaos/topology.ts';
import { pendingUndos } from '../../chaos/undo-journal.ts';
import { compileCache } from '../places.ts';
import type { DriverSpec } from './driver-spec.ts';
import type { Point } from './points.ts';

/** What became of one point. */
export interface Outcome {
  fault: string;
  point: Point;
  watchdog: boolean;
  /** From the harness' death until nothing of the fault was left. */
  cleanMs: number;
  /** What was left the moment the harness had died: what somebody had to undo. */
  left: string[];
  /** Why the point is bad; undefined when it is not. */
  problem?: string;
}

/** Where harnesses die. */
export interface Site {
  topology(): Topology;
  /** The part of it that a fault may reach, where to scan all of it is dear. */
  around?(fault: string): Topology;
  /** What is not as it was, and a scan for residue cannot know; each line begins with the name of a node. */
  changed?(): Promise<string[]>;
}

/** Lets one harness die at one point, and waits until nothing of its fault is left. */
export async function crash(spec: DriverSpec, site: Site): Promise<Outcome> {
  const { fault, point, watchdog, undoDirectory, run } = spec;
  const { killed, said } = await driverOf(spec);
  const fromMs = performance.now();
  const base = { fault, point, watchdog };
  if (!killed) return { ...base, cleanMs: 0, left: [], problem: said.trim() || 'the harness did not die there' };
  const isOurs = concerns(spec, site.topology());
  const scan = async () => {
    const residue = await scanResidue(site.around?.(fault) ?? site.topology(), AbortSignal.timeout(SCAN_MS));
    return [...residue, ...((await site.changed?.()) ?? [])].filter(isOurs);
  };
  const left = await scan();
  // The next start; a real one would come later.
  if (!watchdog) await heal(undoDirectory, { all: false, deadlineMs: DEADLINE_MS });
  for (;;) {
    const pending = pendingUndos(undoDirectory).some((entry) => entry.run === run);
    // To scan costs more than to look at the journal: on containers it takes one of its own.
    const now = pending ? ['its undo record is still pending'] : await scan();
    const cleanMs = Math.round(performance.now() - fromMs);
    if (now.length === 0) return { ...base, cleanMs, left };
    if (cleanMs > DEADLINE_MS)
      return { ...base, cleanMs, left, problem: `not clean after ${cleanMs} ms: ${now.join('; ')}` };
    await sleep(pending ? 10 : 50);
  }
}

const DEADLINE_MS = 30_000;
const DRIVER_MS = 60_000;
const SCAN_MS = 10_000;

function driverOf(spec: DriverSpec): Promise<{ killed: boolean; said: string }> {
  const program = fileURLToPath(new URL('driver.ts', import.meta.url));
  const driver = spawn(process.execPath, [program, JSON.stringify(spec)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
  });
  let said = '';
  driver.stderr.on('data', (bytes) => {
    said += String(bytes);
  });
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    driver.kill('SIGKILL');
  }, DRIVER_MS);
  return new Promise((resolve) => {
    driver.on('exit', (_, signal) => {
      clearTimeout(late);
      resolve({
        killed: signal === 'SIGKILL' && !isLate,
        said: isLate ? `nothing happened for a minute; ${said}` : said,
      });
    });
  });
}

/** Other lanes harm the same target at the same time: what names neither this run nor its targets is theirs. */
function concerns({ run, fault }: DriverSpec, { links, nodes }: Topology): (line: string) => boolean {
  const names = new Set([...links, ...nodes].map(({ name }) => name));
  const own = fault.split(/[ =,]/).filter((word) => names.has(word));
  return (line) =>
    line.includes(`stampede-${run}`) || own.some((name) => line.startsWith(`${name} `) || line.endsWith(name));
}
