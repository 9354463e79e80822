import type { Board } from '../board.ts';
import { FAULT_STATE_WORDS, RUN_VARIABLE, UP_DOWN } from '../board-parts.ts';
import { LIMITS } from '../limits.ts';
import { max, metric, most, quantile, rate, share, sum } from '../promql.ts';

const run = 'run=~"$run"';
const fault = (name: string, ...more: string[]) => metric(name, run, 'fault=~"$fault"', ...more);
const requests = metric('stampede_requests_total', run);
const failed = metric('stampede_requests_total', run, 'ending!="ok"');

/** Each fault's life, and what it did to the people in front and to the parts behind. */
export const faultsBoard: Board = {
  name: 'faults',
  title: 'Stampede: faults',
  description: 'Each fault: when it was there, whether it was proven and undone, and what it did.',
  variables: [
    RUN_VARIABLE,
    {
      name: 'fault',
      label: 'Fault',
      description: 'Faults by their name in the scenario.',
      query: 'label_values(fault_active{run=~"$run"}, fault)',
    },
  ],
  rows: [
    {
      title: 'Lives',
      panels: [
        {
          kind: 'states',
          title: 'Life of each fault',
          description: 'Planned, applied, proven by a measured effect, undone, and proven clean.',
          unit: 'none',
          width: 16,
          queries: [
            {
              expr: max(fault('stampede_fault_state'), 'fault, kind, target'),
              legend: '{{fault}}: {{kind}} of {{target}}',
            },
          ],
          words: FAULT_STATE_WORDS,
        },
        {
          kind: 'table',
          title: 'Where each fault stands',
          description:
            'The last state of each. A run is inconclusive when a fault had no effect, and failed when one is not clean.',
          unit: 'none',
          queries: [{ expr: max(fault('stampede_fault_state'), 'fault, target'), legend: '{{fault}} on {{target}}' }],
          words: FAULT_STATE_WORDS,
        },
        {
          kind: 'lines',
          title: 'Faults in place',
          description: '1 while the fault is applied. The same series marks faults on all boards.',
          unit: 'short',
          min: 0,
          queries: [{ expr: max(most(fault('fault_active')), 'fault, target'), legend: '{{fault}} on {{target}}' }],
        },
        {
          kind: 'lines',
          title: 'Steps',
          description: 'Steps in the lives of faults: many at once are a run that ends, or a timeline that is crowded.',
          unit: 'short',
          min: 0,
          queries: [
            {
              expr: sum(`increase(${fault('stampede_fault_transitions_total')}[$__rate_interval])`, 'state'),
              legend: '{{state}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Toxics on links',
          description:
            'How many toxics are on each link, as the embedded fault proxy tells it. The original has no such count.',
          unit: 'short',
          min: 0,
          queries: [{ expr: `${max(most(metric('toxiproxy_proxy_toxics')), 'proxy')} > 0`, legend: '{{proxy}}' }],
        },
      ],
    },
    {
      title: 'What people saw',
      panels: [
        {
          kind: 'lines',
          title: 'Response time p99 by request',
          description: 'From when a request was due to its last byte.',
          unit: 's',
          min: 0,
          queries: [
            {
              expr: quantile(0.99, metric('stampede_request_duration_seconds_bucket', run), 'name'),
              legend: '{{name}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Errors by request',
          description: 'Share of requests without a good answer.',
          unit: 'percentunit',
          min: 0,
          limits: LIMITS.errorRatio,
          queries: [{ expr: share(failed, requests, 'name'), legend: '{{name}}' }],
        },
        {
          kind: 'lines',
          title: 'Error budget left',
          description: 'What the fault cost: the step down while it was there.',
          unit: 'percentunit',
          limits: { watch: 0.5, bad: 0, lessIsWorse: true },
          queries: [{ expr: `min by (slo) (${metric('stampede_slo_budget_left_ratio', run)})`, legend: '{{slo}}' }],
        },
      ],
    },
    {
      title: 'What it did behind',
      panels: [
        {
          kind: 'states',
          title: 'Nodes',
          description: 'Whether each node can be scraped. One that was killed cannot.',
          unit: 'none',
          width: 12,
          queries: [{ expr: max(metric('up', 'node!=""'), 'node'), legend: '{{node}}' }],
          words: UP_DOWN,
        },
        {
          kind: 'lines',
          title: 'Bytes over links',
          description: 'What passes over each link, both ways. A link that is cut, or whose far end is dead, has none.',
          unit: 'Bps',
          min: 0,
          width: 12,
          queries: [{ expr: sum(rate(metric('toxiproxy_proxy_sent_bytes_total')), 'proxy'), legend: '{{proxy}}' }],
        },
        {
          kind: 'lines',
          title: 'Calls between services p99',
          description: 'Who waits for whom: it rises for all who call what is slow.',
          unit: 's',
          min: 0,
          queries: [
            {
              expr: quantile(0.99, metric('http_client_request_duration_seconds_bucket'), 'service, upstream'),
              legend: '{{service}} to {{upstream}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Calls that failed',
          description: 'Calls between services without an answer: errors and timeouts.',
          unit: 'reqps',
          min: 0,
          queries: [
            {
              expr: sum(rate(metric('http_client_requests_total', 'outcome!="ok"')), 'service, upstream, outcome'),
              legend: '{{service}} to {{upstream}}: {{outcome}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Statements p99 by shard',
          description: 'Time of a statement, waiting for a connection included.',
          unit: 's',
          min: 0,
          queries: [{ expr: quantile(0.99, metric('db_query_duration_seconds_bucket'), 'shard'), legend: '{{shard}}' }],
        },
      ],
    },
  ],
};
