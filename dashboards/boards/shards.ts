import type { Board } from '../board.ts';
import { UP_DOWN } from '../board-parts.ts';
import { LIMITS } from '../limits.ts';
import { max, metric, quantile, rate, sum } from '../promql.ts';

const of = (name: string, ...more: string[]) => metric(name, 'shard=~"$shard"', ...more);

/** The order databases: is each of them quick, followed by its standby, and are its promises passed on? */
export const shardsBoard: Board = {
  name: 'shards',
  title: 'Stampede: shards',
  description: 'The order databases, one by one: statements, connections, replication, outbox.',
  variables: [
    {
      name: 'shard',
      label: 'Shard',
      description: 'Databases as the services call them.',
      query: 'label_values(db_query_duration_seconds_count, shard)',
    },
  ],
  rows: [
    {
      title: 'Orders',
      panels: [
        {
          kind: 'lines',
          title: 'Orders accepted',
          description: 'Orders that were stored for the first time.',
          unit: 'ops',
          min: 0,
          queries: [{ expr: sum(rate(of('orders_accepted_total')), 'shard'), legend: '{{shard}}' }],
        },
        {
          kind: 'lines',
          title: 'Statements p99',
          description: 'Time of a statement, waiting for a connection included.',
          unit: 's',
          min: 0,
          limits: LIMITS.latencySeconds,
          queries: [{ expr: quantile(0.99, of('db_query_duration_seconds_bucket'), 'shard'), legend: '{{shard}}' }],
        },
        {
          kind: 'lines',
          title: 'Statements p50',
          description: 'Time of a statement, waiting for a connection included.',
          unit: 's',
          min: 0,
          queries: [{ expr: quantile(0.5, of('db_query_duration_seconds_bucket'), 'shard'), legend: '{{shard}}' }],
        },
        {
          kind: 'lines',
          title: 'Statements by kind',
          description: 'How often each statement is run.',
          unit: 'ops',
          min: 0,
          queries: [
            { expr: sum(rate(of('db_query_duration_seconds_count')), 'shard, op'), legend: '{{shard}} {{op}}' },
          ],
        },
        {
          kind: 'lines',
          title: 'Orders that came again',
          description:
            'Orders with a key that was known: answered from what was stored, or refused because they differ.',
          unit: 'ops',
          min: 0,
          queries: [{ expr: sum(rate(metric('idempotency_replays_total')), 'outcome'), legend: '{{outcome}}' }],
        },
        {
          kind: 'lines',
          title: 'Writes with an outdated map',
          description: 'Writes that were refused because a shard had moved on to a new epoch, and the epochs in use.',
          unit: 'short',
          min: 0,
          queries: [
            { expr: sum(rate(metric('shard_map_stale_requests_total'))), legend: 'refused a second' },
            { expr: max(of('shard_epoch'), 'shard'), legend: '{{shard}} epoch' },
          ],
        },
      ],
    },
    {
      title: 'Connections',
      panels: [
        {
          kind: 'lines',
          title: 'Pools',
          description: 'Connections that are idle or busy, and callers that wait for one.',
          unit: 'short',
          min: 0,
          width: 12,
          queries: [{ expr: sum(of('db_pool_connections'), 'shard, state'), legend: '{{shard}} {{state}}' }],
        },
        {
          kind: 'lines',
          title: 'Wait for a connection p99',
          description: 'How long a caller waited until a connection was free. It rises first when a database is slow.',
          unit: 's',
          min: 0,
          width: 12,
          queries: [{ expr: quantile(0.99, of('db_pool_wait_seconds_bucket'), 'shard'), legend: '{{shard}}' }],
        },
      ],
    },
    {
      title: 'Replication',
      panels: [
        {
          kind: 'states',
          title: 'Standbys',
          description:
            'Standbys that follow the primary. With none, a commit that waits for its standby waits for ever.',
          unit: 'short',
          queries: [{ expr: max(of('shard_standbys_streaming'), 'shard'), legend: '{{shard}}' }],
          words: { 0: { text: 'NONE', tone: 'bad' }, 1: { text: '1', tone: 'good' }, 2: { text: '2', tone: 'good' } },
        },
        {
          kind: 'lines',
          title: 'Replication lag',
          description: 'How long a commit waits until the slowest standby has replayed it.',
          unit: 's',
          min: 0,
          limits: LIMITS.replicationLagSeconds,
          queries: [{ expr: max(of('shard_replication_lag_seconds'), 'shard'), legend: '{{shard}}' }],
        },
        {
          kind: 'lines',
          title: 'Replication lag in bytes',
          description:
            'What has been written and the slowest standby has not got yet. It grows while a standby is gone.',
          unit: 'bytes',
          min: 0,
          queries: [{ expr: max(of('shard_replication_lag_bytes'), 'shard'), legend: '{{shard}}' }],
        },
      ],
    },
    {
      title: 'Servers',
      panels: [
        {
          kind: 'states',
          title: 'PostgreSQL servers',
          description: 'Whether each server answers the exporter. Only where there is one: beside real parts.',
          unit: 'none',
          queries: [{ expr: max(metric('pg_up'), 'node'), legend: '{{node}}' }],
          words: UP_DOWN,
        },
        {
          kind: 'lines',
          title: 'Connections at the server',
          description: 'Connections by what they do, as the server sees them.',
          unit: 'short',
          min: 0,
          queries: [{ expr: sum(metric('pg_stat_activity_count'), 'node, state'), legend: '{{node}} {{state}}' }],
        },
        {
          kind: 'lines',
          title: 'Transactions',
          description: 'Transactions that were committed and rolled back.',
          unit: 'ops',
          min: 0,
          queries: [
            { expr: sum(rate(metric('pg_stat_database_xact_commit')), 'node'), legend: '{{node}} committed' },
            { expr: sum(rate(metric('pg_stat_database_xact_rollback')), 'node'), legend: '{{node}} rolled back' },
          ],
        },
      ],
    },
    {
      title: 'Outbox',
      panels: [
        {
          kind: 'lines',
          title: 'Messages that wait',
          description: 'Messages that are stored with their orders and not yet brought to the broker.',
          unit: 'short',
          min: 0,
          queries: [{ expr: max(of('outbox_pending_messages'), 'shard'), legend: '{{shard}}' }],
        },
        {
          kind: 'lines',
          title: 'Age of the oldest',
          description: 'How long the oldest of them has waited.',
          unit: 's',
          min: 0,
          limits: LIMITS.queueAgeSeconds,
          queries: [{ expr: max(of('outbox_oldest_age_seconds'), 'shard'), legend: '{{shard}}' }],
        },
        {
          kind: 'lines',
          title: 'Messages published',
          description: 'Messages that were brought to the broker, and attempts that failed.',
          unit: 'ops',
          min: 0,
          queries: [
            { expr: sum(rate(of('outbox_published_total')), 'shard, outcome'), legend: '{{shard}} {{outcome}}' },
          ],
        },
      ],
    },
  ],
};
