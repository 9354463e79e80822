import type { Board } from '../board.ts';
import { UP_DOWN } from '../board-parts.ts';
import { LIMITS } from '../limits.ts';
import { max, metric, quantile, rate, share, sum } from '../promql.ts';

const of = (name: string, ...more: string[]) => metric(name, 'node=~"$node"', ...more);
const served = of('http_server_requests_total');
/** HAProxy tells of its own pages too. */
const shop = 'proxy="shop"';
const gateways = 'proxy="gateways"';

/**
 * The golden signals of each tier. Where a part can be the embedded one or a real one (an edge of our own or Varnish, a
 * load balancer of our own or HAProxy, ...) a panel asks for both, and shows the one that is there.
 */
export const targetBoard: Board = {
  name: 'target',
  title: 'Stampede: target',
  description: 'The reference shop, tier by tier: traffic, errors, latency, saturation.',
  variables: [
    {
      name: 'node',
      label: 'Node',
      description: 'Nodes of the target, as faults call them.',
      query: 'label_values(up{node!=""}, node)',
    },
  ],
  rows: [
    {
      title: 'All tiers',
      panels: [
        {
          kind: 'lines',
          title: 'Traffic by tier',
          description: 'Requests answered.',
          unit: 'reqps',
          min: 0,
          width: 6,
          queries: [
            { expr: sum(rate(served), 'service'), legend: '{{service}}' },
            { expr: sum(rate(of('varnish_main_client_req'))), legend: 'edge (Varnish)' },
            { expr: sum(rate(of('haproxy_frontend_http_requests_total', shop))), legend: 'lb (HAProxy)' },
          ],
        },
        {
          kind: 'lines',
          title: 'Errors by tier',
          description: 'Share of answers that say the server failed (5xx).',
          unit: 'percentunit',
          min: 0,
          width: 6,
          limits: LIMITS.errorRatio,
          queries: [
            { expr: share(of('http_server_requests_total', 'code=~"5.."'), served, 'service'), legend: '{{service}}' },
            {
              expr: share(
                of('haproxy_frontend_http_responses_total', shop, 'code="5xx"'),
                of('haproxy_frontend_http_responses_total', shop),
              ),
              legend: 'lb (HAProxy)',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Latency p99 by tier',
          description:
            'Time to answer, what lies behind included. Of HAProxy the average of its last 1,024 requests: it has no histogram.',
          unit: 's',
          min: 0,
          width: 6,
          limits: LIMITS.latencySeconds,
          queries: [
            {
              expr: quantile(0.99, of('http_server_request_duration_seconds_bucket'), 'service'),
              legend: '{{service}}',
            },
            {
              expr: `max(${of('haproxy_backend_total_time_average_seconds', gateways)})`,
              legend: 'lb (HAProxy), average',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'In flight by tier',
          description: 'Requests that are being answered now: it grows where work waits.',
          unit: 'short',
          min: 0,
          width: 6,
          queries: [
            { expr: sum(of('http_server_requests_in_flight'), 'service'), legend: '{{service}}' },
            { expr: sum(of('haproxy_backend_current_sessions', gateways)), legend: 'lb (HAProxy)' },
          ],
        },
      ],
    },
    {
      title: 'Edge',
      panels: [
        {
          kind: 'lines',
          title: 'Edge hit ratio',
          description: 'Share of requests that were answered from the cache of the edge, stale answers included.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          queries: [
            {
              expr: share(of('edge_requests_total', 'cache_status=~"hit|stale.*"'), of('edge_requests_total'), 'pop'),
              legend: '{{pop}}',
            },
            {
              expr: share(of('varnish_main_cache_hit'), of('varnish_main_client_req')),
              legend: 'Varnish',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Answers of the edge',
          description: 'By what the cache made of them. stale-error is an old answer instead of an error.',
          unit: 'reqps',
          min: 0,
          stacked: true,
          queries: [
            { expr: sum(rate(of('edge_requests_total')), 'cache_status'), legend: '{{cache_status}}' },
            { expr: sum(rate(of('varnish_main_cache_hit'))), legend: 'Varnish hit' },
            { expr: sum(rate(of('varnish_main_cache_miss'))), legend: 'Varnish miss' },
            { expr: sum(rate(of('varnish_main_s_pass'))), legend: 'Varnish pass' },
          ],
        },
        {
          kind: 'lines',
          title: 'Fetches from the origin',
          description: 'Requests of the edge to the load balancer, by how they went, and requests that shared one.',
          unit: 'reqps',
          min: 0,
          queries: [
            { expr: sum(rate(of('edge_origin_fetches_total')), 'outcome'), legend: '{{outcome}}' },
            { expr: sum(rate(of('edge_collapsed_requests_total'))), legend: 'shared' },
            { expr: sum(rate(of('varnish_main_backend_req'))), legend: 'Varnish' },
          ],
        },
      ],
    },
    {
      title: 'Load balancer',
      panels: [
        {
          kind: 'states',
          title: 'Gateways, as the load balancer sees them',
          description: 'Up while a gateway gets traffic.',
          unit: 'none',
          queries: [
            { expr: max(of('lb_backend_up'), 'server'), legend: '{{server}}' },
            {
              expr: max(of('haproxy_server_status', gateways, 'state="UP"'), 'server'),
              legend: '{{server}} (HAProxy)',
            },
          ],
          words: UP_DOWN,
        },
        {
          kind: 'lines',
          title: 'Requests at each gateway',
          description: 'Requests that each gateway is working on. They go to the one with the fewest.',
          unit: 'short',
          min: 0,
          queries: [
            { expr: sum(of('lb_backend_sessions'), 'server'), legend: '{{server}}' },
            { expr: sum(of('haproxy_server_current_sessions', gateways), 'server'), legend: '{{server}} (HAProxy)' },
          ],
        },
        {
          kind: 'lines',
          title: 'Requests sent again',
          description: 'To another gateway, because the first one could not be reached.',
          unit: 'reqps',
          min: 0,
          queries: [
            { expr: sum(rate(of('http_client_retries_total')), 'reason'), legend: '{{reason}}' },
            {
              expr: sum(rate(of('haproxy_backend_redispatch_warnings_total', gateways))),
              legend: 'redispatched (HAProxy)',
            },
          ],
        },
      ],
    },
    {
      title: 'Gateways and services',
      panels: [
        {
          kind: 'lines',
          title: 'Requests by route',
          description: 'Requests answered by the gateways, by route.',
          unit: 'reqps',
          min: 0,
          queries: [
            {
              expr: sum(rate(of('http_server_requests_total', 'service="gateway"')), 'method, route'),
              legend: '{{method}} {{route}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Latency p99 by route',
          description: 'Time in which the gateways answer, by route.',
          unit: 's',
          min: 0,
          limits: LIMITS.latencySeconds,
          queries: [
            {
              expr: quantile(
                0.99,
                of('http_server_request_duration_seconds_bucket', 'service="gateway"'),
                'method, route',
              ),
              legend: '{{method}} {{route}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Calls between services that failed',
          description: 'Calls without an answer: errors and timeouts.',
          unit: 'reqps',
          min: 0,
          queries: [
            {
              expr: sum(rate(of('http_client_requests_total', 'outcome!="ok"')), 'service, upstream, outcome'),
              legend: '{{service}} to {{upstream}}: {{outcome}}',
            },
          ],
        },
      ],
    },
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
          description:
            'How long a commit waits until the slowest standby has replayed it. No line: no standby follows.',
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
  ],
};
