import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FaultKind, FaultTarget } from '../fault.ts';
import { askPostgres } from '../postgres.ts';
import { proofWithin } from '../proof-within.ts';
import { showBytes } from '../show.ts';
import { suggestion } from '../suggestion.ts';

const params = z.strictObject({
  standby: z.string().min(1).describe('the standby, as the topology names its store: shard-eu-0-standby'),
});

export type ReplicaLagParams = z.input<typeof params>;

interface StandbyTarget extends FaultTarget {
  dsn: string;
}

/** A standby receives what its primary writes, and does not replay it: who reads there reads the past. */
export const replicaLag: FaultKind<z.output<typeof params>, StandbyTarget> = {
  kind: 'replica-lag',
  family: 'dependency',
  about: 'A PostgreSQL standby receives what its primary writes, and does not replay it.',
  needs: "a standby among the topology's stores (holds: replica), with a superuser's login",
  provenBy: 'bytes of the write-ahead log that the standby has received and not replayed',
  undoneBy:
    'resuming the replay; PostgreSQL has no lease for it, so after a crash the watchdog or the next start does it',
  params,

  resolve({ standby }, topology) {
    const standbys = topology.stores.filter(({ kind, holds }) => kind === 'postgres' && holds.includes('replica'));
    const found = standbys.find(({ name }) => name === standby);
    if (found) return { ok: true, targets: [{ name: standby, takes: `node:${standby}/replay`, dsn: found.dsn }] };
    const names = standbys.map(({ name }) => name);
    return { ok: false, problem: `no such standby '${standby}'. ${suggestion(standby, names)}` };
  },

  settings: () => 'replay paused',
  undoOf: (_, { name, dsn }) => ({ step: 'resume-replay', standby: name, dsn }),
  baseline: async () => ({}),

  async apply(_, { dsn }, { signal }) {
    await askPostgres(dsn, 'SELECT pg_wal_replay_pause()', signal);
  },

  async prove(_, { name, dsn }, __, signal) {
    let state = 'not known';
    const late = () =>
      state === 'paused'
        ? `the replay of ${name} is paused, but nothing was written that it could have replayed`
        : `the replay of ${name} is ${state}`;
    return proofWithin(signal, late, async () => {
      while (!signal.aborted) {
        const [row] = await askPostgres(
          dsn,
          `SELECT pg_get_wal_replay_pause_state() AS state,
                  pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::float8 AS behind`,
          signal,
        );
        state = String(row?.state);
        const behind = Number(row?.behind);
        if (state === 'paused' && behind > 0) {
          return { proven: true, evidence: `${name} has received ${showBytes(behind)} that it does not replay` };
        }
        await sleep(LOOK_MS);
      }
      return undefined;
    });
  },
};

const LOOK_MS = 100;
