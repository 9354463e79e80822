import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { isAlive, markOf, type ProcessMark } from './process-mark.ts';
import { type UndoStep, undoStepSchema } from './undo.ts';

/**
 * The write-ahead log of undo: a fault's undo step is flushed to disk before the fault is applied, and struck out only
 * once it is proven undone. One file a run, `<directory>/<run>.ndjson`, removed when nothing in it is pending. Whoever
 * starts next reads the files of owners that are no longer alive, and heals.
 */

const lineSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('owner'), run: z.string(), pid: z.number(), started: z.string() }),
  z.object({ op: z.literal('pending'), id: z.string(), fault: z.string(), target: z.string(), undo: undoStepSchema }),
  z.object({ op: z.literal('done'), id: z.string() }),
]);

type Line = z.infer<typeof lineSchema>;

export interface UndoJournal {
  /** Where it is, once something is pending. */
  readonly path: string;
  /** On disk when it returns. Throws when it cannot be written: then the fault must not be applied. */
  pending(id: string, fault: string, target: string, undo: UndoStep): void;
  done(id: string): void;
  /** Removes the file when nothing is pending any more. */
  close(): void;
}

export function openUndoJournal(directory: string, run: string): UndoJournal {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${run}.ndjson`);
  const open = new Set<string>();
  let file: number | undefined;
  const append = (line: Line) => {
    if (file === undefined) {
      file = openSync(path, 'a');
      const { pid, started } = markOf(process.pid);
      writeSync(file, `${JSON.stringify({ op: 'owner', run, pid, started } satisfies Line)}\n`);
      fsyncDirectory(directory);
    }
    writeSync(file, `${JSON.stringify(line)}\n`);
    fsyncSync(file);
  };
  return {
    path,
    pending(id, fault, target, step) {
      append({ op: 'pending', id, fault, target, undo: step });
      open.add(id);
    },
    done(id) {
      append({ op: 'done', id });
      open.delete(id);
    },
    close() {
      if (file === undefined) return;
      closeSync(file);
      file = undefined;
      if (open.size === 0) rmSync(path, { force: true });
    },
  };
}

/** A fault that was applied, or was about to be, and is not known to be undone. */
export interface PendingUndo {
  run: string;
  id: string;
  fault: string;
  target: string;
  undo: UndoStep;
  /** The process that injected it; it undoes its own faults as long as it lives. */
  owner: ProcessMark;
  ownerAlive: boolean;
}

export function pendingUndos(directory: string): PendingUndo[] {
  return undoFiles(directory).flatMap(pendingIn);
}

/** Of one run. */
export function pendingIn(path: string): PendingUndo[] {
  const { run, owner, pending } = read(path);
  if (owner === undefined) return [];
  const ownerAlive = isAlive(owner);
  return pending.map(({ id, fault, target, undo: step }) => ({
    run,
    id,
    fault,
    target,
    undo: step,
    owner,
    ownerAlive,
  }));
}

function read(path: string) {
  let owner: ProcessMark | undefined;
  let run = '';
  const pending = new Map<string, Extract<Line, { op: 'pending' }>>();
  for (const text of textOf(path).split('\n')) {
    const line = parseLine(text);
    if (line === undefined) continue;
    if (line.op === 'owner') {
      run = line.run;
      owner = { pid: line.pid, started: line.started };
    } else if (line.op === 'pending') pending.set(line.id, line);
    else pending.delete(line.id);
  }
  return { run, owner, pending: [...pending.values()] };
}

/** Empty when somebody has healed it, and removed the file, since it was listed. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** Says in a run's file that a fault is undone. */
export function strikeOut(path: string, id: string): void {
  const file = openSync(path, 'a');
  // A crash may have torn the line before: it must not take this one with it.
  writeSync(file, `\n${JSON.stringify({ op: 'done', id } satisfies Line)}\n`);
  fsyncSync(file);
  closeSync(file);
}

/** Removes a run's file when nothing in it is pending and its owner is gone. */
export function removeWhenDone(path: string): void {
  if (!existsSync(path)) return;
  const { owner, pending } = read(path);
  if (pending.length === 0 && (owner === undefined || !isAlive(owner))) rmSync(path, { force: true });
}

/** The files of all runs that have one. */
export function undoFiles(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.ndjson'))
    .map((name) => join(directory, name));
}

/** A line torn by a crash was never flushed, so its fault was never applied. */
function parseLine(text: string): Line | undefined {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Makes the new file's name itself durable. Not every platform lets a directory be opened. */
function fsyncDirectory(directory: string): void {
  try {
    const handle = openSync(dirname(join(directory, 'x')), 'r');
    fsyncSync(handle);
    closeSync(handle);
  } catch {}
}
