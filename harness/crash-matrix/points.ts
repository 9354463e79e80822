import type { CrashPoint } from '../../chaos/timeline.ts';

/**
 * Every point of a fault's life at which the harness may die, in order. `applying` and `undoing` are within: some milliseconds after
 * the call was made, when some of it is done and some is not.
 */
export const POINTS = [
  'requested',
  'resolved',
  'before recorded',
  'recorded',
  'before applied',
  'applying',
  'applied',
  'proven',
  'undo requested',
  'before undone',
  'undoing',
  'undone',
  'before clean',
  'clean',
  'after clean',
] as const satisfies (CrashPoint | 'applying' | 'undoing')[];

export type Point = (typeof POINTS)[number];

/** Before the first there is nothing to undo, and after the last nothing is left to: nobody needs a watchdog there. */
export const POINTS_WITHOUT_WATCHDOG: readonly Point[] = POINTS.slice(
  POINTS.indexOf('recorded'),
  POINTS.indexOf('clean') + 1,
);
