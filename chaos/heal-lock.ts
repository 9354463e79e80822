import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isAlive, markOf } from './process-mark.ts';

const holderSchema = z.object({ pid: z.number(), started: z.string() });

/**
 * Does something while nobody else does the same for this file, on this machine: the watchdog of a run and the next start must
 * not heal at the same time, because what one still undoes the other may have broken anew. A lock whose holder is gone is taken
 * over. Resolves with undefined when it could not be had before the signal.
 */
export async function alone<Result>(
  path: string,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  const lock = `${path}.lock`;
  while (!taken(lock)) {
    if (signal.aborted) return undefined;
    await sleep(20);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** A directory, because making one either succeeds or finds it there. It is complete when it appears. */
function taken(lock: string): boolean {
  const { pid, started } = markOf(process.pid);
  const prepared = `${lock}.${pid}`;
  mkdirSync(prepared, { recursive: true });
  writeFileSync(join(prepared, 'holder.json'), JSON.stringify({ pid, started }));
  try {
    renameSync(prepared, lock);
    return true;
  } catch {
    rmSync(prepared, { recursive: true, force: true });
    if (!holderLives(lock)) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function holderLives(lock: string): boolean {
  try {
    return isAlive(holderSchema.parse(JSON.parse(readFileSync(join(lock, 'holder.json'), 'utf8'))));
  } catch {
    return false;
  }
}
