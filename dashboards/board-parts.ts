import type { Variable, Word } from './board.ts';

/** What several boards have alike. */

export const RUN_VARIABLE: Variable = {
  name: 'run',
  label: 'Run',
  description: 'Runs by the name of their directory.',
  query: 'label_values(stampede_run_info, run)',
};

export const ON_OFF: Record<number, Word> = { 1: { text: 'now', tone: 'good' }, 0: { text: 'no', tone: 'plain' } };

export const UP_DOWN: Record<number, Word> = { 1: { text: 'up', tone: 'good' }, 0: { text: 'DOWN', tone: 'bad' } };

/** The numbers of `stampede_fault_state`. A fault in place is what was asked for; one that does not go is not. */
export const FAULT_STATE_WORDS: Record<number, Word> = {
  0: { text: 'planned', tone: 'plain' },
  1: { text: 'requested', tone: 'plain' },
  2: { text: 'recorded', tone: 'plain' },
  3: { text: 'applied', tone: 'watch' },
  4: { text: 'proven', tone: 'watch' },
  5: { text: 'NO EFFECT', tone: 'bad' },
  6: { text: 'FAILED', tone: 'bad' },
  7: { text: 'undo requested', tone: 'watch' },
  8: { text: 'undone', tone: 'good' },
  9: { text: 'clean', tone: 'good' },
  10: { text: 'NOT CLEAN', tone: 'bad' },
  11: { text: 'resolved', tone: 'plain' },
  12: { text: 'EFFECT LOST', tone: 'bad' },
  13: { text: 'SKIPPED', tone: 'bad' },
};
