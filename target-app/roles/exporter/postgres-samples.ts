import { connectDatabase, rowsOf } from '../../service/postgres.ts';
import type { Collector, Sample } from './sample.ts';

const DEADLINE_MS = 2_000;

const DATABASE_COUNTERS = [
  'xact_commit',
  'xact_rollback',
  'blks_read',
  'blks_hit',
  'tup_returned',
  'tup_fetched',
  'tup_inserted',
  'tup_updated',
  'tup_deleted',
  'deadlocks',
] as const;

type Row = Record<string, string | number | boolean | null>;

/** One PostgreSQL server, under the names of postgres_exporter. */
export function postgresCollector(node: string, dsn: string): Collector {
  const database = connectDatabase({ shard: node, dsn, maxConnections: 1, maxWaiting: 4 });
  const ask = async (name: string, text: string) => rowsOf(await database.query<Row>({ name, text }, DEADLINE_MS));
  return {
    up: 'pg_up',
    async collect() {
      const databases = await ask(
        'exporter_database',
        `SELECT datname, numbackends, ${DATABASE_COUNTERS.join(', ')} FROM pg_stat_database
         WHERE datname IS NOT NULL AND datname NOT LIKE 'template%'`,
      );
      const activity = await ask(
        'exporter_activity',
        `SELECT datname, coalesce(state, 'unknown') AS state, count(*)::int AS count FROM pg_stat_activity
         WHERE datname IS NOT NULL GROUP BY 1, 2`,
      );
      const replication = await ask(
        'exporter_replication',
        `SELECT application_name, state, sync_state, coalesce(pg_wal_lsn_diff(
           CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
           replay_lsn), 0)::float8 AS behind FROM pg_stat_replication`,
      );
      const [recovery] = await ask(
        'exporter_recovery',
        `SELECT pg_is_in_recovery() AS replica, CASE
           WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
           ELSE greatest(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp())) END::float8 AS lag`,
      );
      return [
        ...databases.flatMap(databaseSamples),
        ...activity.map(({ datname, state, count }): Sample => {
          const labels = { datname: String(datname), state: String(state) };
          return { name: 'pg_stat_activity_count', type: 'gauge', value: Number(count), labels };
        }),
        ...replication.map(({ application_name, state, sync_state, behind }): Sample => {
          const labels = {
            application_name: String(application_name),
            state: String(state),
            sync_state: String(sync_state),
          };
          return { name: 'pg_stat_replication_pg_wal_lsn_diff', type: 'gauge', value: Number(behind), labels };
        }),
        { name: 'pg_replication_is_replica', type: 'gauge', value: Number(recovery?.replica ?? 0) },
        { name: 'pg_replication_lag_seconds', type: 'gauge', value: Number(recovery?.lag ?? 0) },
      ];
    },
    close: () => database.close(),
  };
}

function databaseSamples(row: Row): Sample[] {
  const labels = { datname: String(row.datname) };
  return [
    { name: 'pg_stat_database_numbackends', type: 'gauge', value: Number(row.numbackends), labels },
    ...DATABASE_COUNTERS.map((column): Sample => {
      return { name: `pg_stat_database_${column}`, type: 'counter', value: Number(row[column]), labels };
    }),
  ];
}
