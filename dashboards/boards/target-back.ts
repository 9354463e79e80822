import type { Row } from '../board.ts';
import { UP_DOWN } from '../board-parts.ts';
import { LIMITS } from '../limits.ts';
import { max, ofNode as of, quantile, rate, share, sum } from '../promql.ts';

/** What lies behind: cache, shards, queue and workers, and the processes of all of it. */
export const targetBack: Row[] = [
  {
    title: 'Cache',
    panels: [
      {
        kind: 'lines',
        title: 'Cache hit ratio',
        description: 'Share of the reads of the catalog that the cache answered.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [
          {
            expr: share(
              of('cache_requests_total', 'job="catalog"', 'result="hit"'),
              of('cache_requests_total', 'job="catalog"'),
            ),
            legend: 'catalog',
          },
          {
            expr: `${sum(rate(of('redis_keyspace_hits_total')))} / (${sum(rate(of('redis_keyspace_hits_total')))} + ${sum(rate(of('redis_keyspace_misses_total')))} > 0)`,
            legend: 'Redis',
          },
        ],
      },
      {
        kind: 'lines',
        title: 'Keys and evictions',
        description: 'Keys held, and keys a second that made room for others.',
        unit: 'short',
        min: 0,
        queries: [
          { expr: `${sum(of('cache_entries'))} or ${sum(of('redis_db_keys'))}`, legend: 'keys' },
          {
            expr: `${sum(rate(of('cache_evictions_total')))} or ${sum(rate(of('redis_evicted_keys_total')))}`,
            legend: 'evicted a second',
          },
        ],
      },
      {
        kind: 'lines',
        title: 'Memory of the cache',
        description: 'Of keys and values; of Redis all that it has asked for.',
        unit: 'bytes',
        min: 0,
        queries: [
          {
            expr: `${sum(of('cache_bytes'))} or ${sum(of('redis_memory_used_bytes'))}`,
            legend: 'used',
          },
        ],
      },
    ],
  },
  {
    title: 'Shards',
    panels: [
      {
        kind: 'lines',
        title: 'Orders accepted',
        description: 'Orders that were stored for the first time, by shard.',
        unit: 'ops',
        min: 0,
        queries: [{ expr: sum(rate(of('orders_accepted_total')), 'shard'), legend: '{{shard}}' }],
      },
      {
        kind: 'lines',
        title: 'Statements p99',
        description: 'Time of a statement, waiting for a connection included, by shard.',
        unit: 's',
        min: 0,
        limits: LIMITS.latencySeconds,
        queries: [{ expr: quantile(0.99, of('db_query_duration_seconds_bucket'), 'shard'), legend: '{{shard}}' }],
      },
      {
        kind: 'lines',
        title: 'Replication lag',
        description: 'How long a commit waits until the slowest standby has replayed it. No line: no standby follows.',
        unit: 's',
        min: 0,
        limits: LIMITS.replicationLagSeconds,
        queries: [{ expr: max(of('shard_replication_lag_seconds'), 'shard'), legend: '{{shard}}' }],
      },
    ],
  },
  {
    title: 'Queue and workers',
    panels: [
      {
        kind: 'lines',
        title: 'Queue depth',
        description:
          'Jobs that wait, that are being worked on, and that nobody could do; and messages that have not come so far.',
        unit: 'short',
        min: 0,
        width: 6,
        queries: [
          { expr: sum(of('queue_messages'), 'state'), legend: '{{state}}' },
          { expr: sum(of('rabbitmq_queue_messages_ready', 'queue!~".*dead"')), legend: 'ready (RabbitMQ)' },
          { expr: sum(of('rabbitmq_queue_messages_unacked')), legend: 'unacked (RabbitMQ)' },
          { expr: sum(of('rabbitmq_queue_messages_ready', 'queue=~".*dead"')), legend: 'dead (RabbitMQ)' },
          { expr: sum(of('outbox_pending_messages')), legend: 'in outboxes' },
        ],
      },
      {
        kind: 'lines',
        title: 'Queue age',
        description:
          'Age of the oldest job. RabbitMQ does not know it: there it is how long the workers need for what waits, at the rate of now.',
        unit: 's',
        min: 0,
        width: 6,
        limits: LIMITS.queueAgeSeconds,
        queries: [
          {
            expr: `max(${of('queue_oldest_message_age_seconds')}) or ${sum(of('rabbitmq_queue_messages_ready', 'queue!~".*dead"'))} / (${sum(rate(of('worker_jobs_total', 'outcome="ok"')))} > 0)`,
            legend: 'oldest job',
          },
          { expr: `max(${of('outbox_oldest_age_seconds')})`, legend: 'oldest in outboxes' },
        ],
      },
      {
        kind: 'lines',
        title: 'Messages in and jobs done',
        description: 'Messages that the queue has confirmed, and jobs by how they went.',
        unit: 'ops',
        min: 0,
        width: 6,
        queries: [
          { expr: sum(rate(of('queue_publish_confirms_total')), 'outcome'), legend: 'published {{outcome}}' },
          { expr: sum(rate(of('worker_jobs_total')), 'outcome'), legend: 'done {{outcome}}' },
          { expr: sum(rate(of('worker_duplicates_suppressed_total'))), legend: 'came twice' },
        ],
      },
      {
        kind: 'lines',
        title: 'Time of a batch of jobs p99',
        description: 'How long the workers take for what they fetch at once.',
        unit: 's',
        min: 0,
        width: 6,
        queries: [{ expr: quantile(0.99, of('worker_job_duration_seconds_bucket'), 'kind'), legend: '{{kind}}' }],
      },
    ],
  },
  {
    title: 'Processes',
    panels: [
      {
        kind: 'states',
        title: 'Nodes',
        description: 'Whether each node can be scraped.',
        unit: 'none',
        width: 6,
        queries: [{ expr: max(of('up', 'node!=""'), 'node'), legend: '{{node}}' }],
        words: UP_DOWN,
      },
      {
        kind: 'lines',
        title: 'Processor',
        description: 'Share of one core.',
        unit: 'percentunit',
        min: 0,
        width: 6,
        queries: [{ expr: sum(rate(of('process_cpu_seconds_total')), 'node'), legend: '{{node}}' }],
      },
      {
        kind: 'lines',
        title: 'Memory',
        description: 'Resident memory.',
        unit: 'bytes',
        min: 0,
        width: 6,
        queries: [{ expr: sum(of('process_resident_memory_bytes'), 'node'), legend: '{{node}}' }],
      },
      {
        kind: 'lines',
        title: 'Event-loop delay p99',
        description: 'How long work in a Node process waits for its event loop.',
        unit: 's',
        min: 0,
        width: 6,
        queries: [{ expr: max(of('nodejs_eventloop_lag_p99_seconds'), 'node'), legend: '{{node}}' }],
      },
    ],
  },
];
