import { gauge } from '../../service/metrics.ts';
import { type Database, rowsOf } from '../../service/postgres.ts';

const DEADLINE_MS = 2_000;

/** Tells how far the standbys of a shard are behind, as its primary sees it. */
export class ReplicationGauges {
  readonly #standbys = gauge('shard_standbys_streaming', 'Standbys that follow the primary.', ['shard']);
  readonly #bytes = gauge('shard_replication_lag_bytes', 'WAL that the slowest standby has not got yet.', ['shard']);
  readonly #seconds = gauge(
    'shard_replication_lag_seconds',
    'How long a commit waits until the slowest standby has replayed it; no sample while none follows.',
    ['shard'],
  );

  /** @throws SqlError */
  async look(shard: string, database: Database): Promise<void> {
    const [row] = rowsOf(
      await database.query<{ streaming: number; bytes: number; seconds: number }>(
        {
          name: 'replication',
          // A slot is there while its standby is not: what a lost standby misses is counted too.
          text: `SELECT count(*) FILTER (WHERE state = 'streaming')::int AS streaming,
              coalesce(extract(epoch FROM max(replay_lag)), 0)::float8 AS seconds,
              (SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0)
                FROM pg_replication_slots)::float8 AS bytes
            FROM pg_stat_replication`,
        },
        DEADLINE_MS,
      ),
    );
    const { streaming = 0, bytes = 0, seconds = 0 } = row ?? {};
    this.#standbys.set({ shard }, streaming);
    this.#bytes.set({ shard }, bytes);
    if (streaming === 0) this.#seconds.remove({ shard });
    else this.#seconds.set({ shard }, seconds);
  }

  /** Nobody knows what the standbys of a shard do that cannot be asked. */
  forget(shard: string): void {
    for (const each of [this.#standbys, this.#bytes, this.#seconds]) each.remove({ shard });
  }
}
