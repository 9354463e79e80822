import { z } from 'zod';
import { askPostgres } from '../postgres.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({ step: z.literal('resume-replay'), standby: z.string(), dsn: z.string() });

export const resumeReplayStep: UndoStepKind<z.output<typeof schema>> = {
  schema,

  async perform({ dsn }, signal) {
    // A server that has been promoted is no standby any more, and replays nothing.
    await askPostgres(
      dsn,
      'SELECT pg_wal_replay_resume() FROM (SELECT WHERE pg_is_in_recovery() OFFSET 0) AS standby',
      signal,
    );
  },

  async verify({ standby, dsn }, signal) {
    const [row] = await askPostgres(
      dsn,
      "SELECT CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() ELSE 'not paused' END AS state",
      signal,
    );
    const state = String(row?.state);
    return state === 'not paused'
      ? { clean: true, evidence: `${standby} replays again` }
      : { clean: false, evidence: `the replay of ${standby} is ${state}` };
  },
};
