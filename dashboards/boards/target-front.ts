import type { Row } from '../board.ts';
import { UP_DOWN } from '../board-parts.ts';
import { LIMITS } from '../limits.ts';
import { max, ofNode as of, quantile, rate, share, sum } from '../promql.ts';

const served = of('http_server_requests_total');
/** HAProxy tells of its own pages too. */
const shop = 'proxy="shop"';
const gateways = 'proxy="gateways"';

/** What users meet: edge, load balancer, gateways and services. */
export const targetFront: Row[] = [
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
];
