import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where things are kept. Everything belongs to the working directory, so that two checkouts never meet. */

/** Of this package: where the target and the fault proxy are started from. */
export const packageRoot = fileURLToPath(new URL('..', import.meta.url));

/** What was compiled is kept for the next process: the launcher sets NODE_COMPILE_CACHE to it. */
export const compileCache = join(packageRoot, 'node_modules/.cache/stampede');

export const runsDirectory = resolve('reports/runs');

/** Undo records outlive runs; they are looked at by whoever starts next. */
export const undoDirectory = resolve('.stampede/undo');

/** One file for each run that is under way. */
export const liveDirectory = resolve('.stampede/live');

/** What `stampede calibrate` measured here. */
export const calibrationFile = resolve('.stampede/calibration.json');

/**
 * The reference target's data. Not below the working directory: as root its PostgreSQL servers run as another user, who
 * must be able to reach them.
 */
export function targetDirectoryOf(workingDirectory: string): string {
  const mark = createHash('sha256').update(workingDirectory).digest('hex').slice(0, 10);
  // By number: in a container a user often has no name.
  return join(tmpdir(), `stampede-${process.getuid?.() ?? 'user'}-${mark}`);
}

export const targetDirectory = targetDirectoryOf(process.cwd());
