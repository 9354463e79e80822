import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { alone } from './heal-lock.ts';
import { undo } from './undo.ts';
import { pendingIn, removeWhenDone, strikeOut, undoFiles } from './undo-journal.ts';

const healedSchema = z.object({
  run: z.string(),
  fault: z.string(),
  target: z.string(),
  clean: z.boolean(),
  evidence: z.string(),
});

/** What became of a fault that a run had left behind. */
export type Healed = z.output<typeof healedSchema>;

/**
 * Undoes what earlier runs left behind. Faults of a harness that is still alive are left alone unless `all` is set. A step
 * that cannot be undone stays in its file, for the next try. Begins with what watchdogs have undone since the last time.
 */
export async function heal(directory: string, options: { all: boolean; deadlineMs: number }): Promise<Healed[]> {
  const healed = await Promise.all(undoFiles(directory).map((path) => healFile(path, options)));
  return [...takeWatchdogReports(directory), ...healed.flat()];
}

/** Of one run. Safe to be called by several processes at once. */
export async function healFile(
  path: string,
  { all, deadlineMs }: { all: boolean; deadlineMs: number },
): Promise<Healed[]> {
  const signal = AbortSignal.timeout(deadlineMs);
  const healed = await alone(path, signal, async () => {
    // Read under the lock: whoever had it before may have undone everything.
    const found = existsSync(path) ? pendingIn(path).filter((entry) => all || !entry.ownerAlive) : [];
    const results = await Promise.all(
      found.map(async ({ run, id, fault, target, undo: step }) => {
        const result = await undo(step, signal);
        if (result.clean) strikeOut(path, id);
        return { run, fault, target, ...result };
      }),
    );
    removeWhenDone(path);
    return results;
  });
  return healed ?? [];
}

/** What a watchdog has done is kept until somebody is there to be told. */
export function reportHealed(path: string, healed: readonly Healed[]): void {
  const directory = join(path, '..', REPORTS);
  mkdirSync(directory, { recursive: true });
  for (const one of healed) appendFileSync(join(directory, basename(path)), `${JSON.stringify(one)}\n`);
}

function takeWatchdogReports(directory: string): Healed[] {
  const reports = join(directory, REPORTS);
  if (!existsSync(reports)) return [];
  return readdirSync(reports).flatMap((name) => {
    const path = join(reports, name);
    const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
    rmSync(path, { force: true });
    return lines.flatMap((line) => {
      const one = healedSchema.safeParse(JSON.parse(line));
      return one.success ? [{ ...one.data, evidence: `by its watchdog: ${one.data.evidence}` }] : [];
    });
  });
}

const REPORTS = 'by-watchdog';
