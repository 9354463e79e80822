import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessMark } from '../process-mark.ts';

/**
 * How a crowd says how many answers it has had: a number in a file without a name that it was born with. Whoever looks opens
 * the file through /proc (Linux). Nobody waits for anybody, and nothing is left when the crowd has gone.
 */

/** A new file without a name, for the crowd to be born with as its first descriptor after standard error; the caller closes its own. */
export function openAnswered(): number {
  const path = join(tmpdir(), `stampede-answered-${randomUUID()}`);
  const opened = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return opened;
}

/** From now on the crowd's file has what `count` says. Started by hand, a crowd has no such file, and says nothing. */
export function keepAnswered(count: () => number): void {
  if (!isFile(ANSWERED_FD)) return;
  let said = 0;
  const cell = Buffer.alloc(CELL_BYTES);
  setInterval(() => {
    const now = count();
    if (now === said) return;
    said = now;
    cell.writeDoubleLE(now);
    writeSync(ANSWERED_FD, cell, 0, CELL_BYTES, 0);
  }, SAY_MS);
}

/** What a crowd has said so far; 0 when it has said nothing, or is gone. */
export function answeredOf({ pid }: ProcessMark): number {
  let opened: number | undefined;
  try {
    opened = openSync(`/proc/${pid}/fd/${ANSWERED_FD}`, 'r');
    const cell = Buffer.alloc(CELL_BYTES);
    return readSync(opened, cell, 0, CELL_BYTES, 0) === CELL_BYTES ? cell.readDoubleLE() : 0;
  } catch {
    return 0;
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}

const ANSWERED_FD = 3;
const CELL_BYTES = 8;
const SAY_MS = 50;
