import type { Board } from '../board.ts';
import { RUN_VARIABLE } from '../board-parts.ts';
import { max, metric, quantile, rate, share, sum } from '../promql.ts';

const own = ['run=~"$run"', 'agent=~"$agent"'];
const of = (name: string, ...more: string[]) => metric(name, ...own, ...more);
const harness = (name: string) => metric(name, 'run=~"$run"', 'job="harness"');

/** How the load generators are: a million users from here, and what it costs. */
export const agentsBoard: Board = {
  name: 'agents',
  title: 'Stampede: agents',
  description: 'The load generators, one by one: users, requests, processor, event loop, memory.',
  variables: [
    RUN_VARIABLE,
    {
      name: 'agent',
      label: 'Agent',
      description: 'Agents by number.',
      query: 'label_values(stampede_agent_cpu_ratio, agent)',
    },
  ],
  rows: [
    {
      title: 'Now',
      panels: [
        {
          kind: 'stat',
          title: 'Users and iterations',
          description: 'Active users of closed groups and iterations under way of open ones, of all agents.',
          unit: 'short',
          queries: [{ expr: sum(of('stampede_active')), legend: 'active' }],
        },
        {
          kind: 'stat',
          title: 'Requests',
          description: 'Requests that have ended, of all agents.',
          unit: 'reqps',
          queries: [{ expr: sum(rate(of('stampede_requests_total'))), legend: 'requests' }],
        },
        {
          kind: 'stat',
          title: 'Busiest agent',
          description:
            'Share of one core. Beyond its limit, 85 % unless the scenario says otherwise, the run is inconclusive.',
          unit: 'percentunit',
          queries: [{ expr: `max(${of('stampede_agent_cpu_ratio')})`, legend: 'processor' }],
          limits: { watch: 0.7, bad: 0.85 },
        },
        {
          kind: 'stat',
          title: 'Event-loop delay',
          description: 'The worst 99th percentile of a second, of all agents.',
          unit: 's',
          queries: [{ expr: `max(${of('stampede_agent_loop_lag_p99_seconds')})`, legend: 'delay' }],
          limits: { watch: 0.02, bad: 0.05 },
        },
        {
          kind: 'stat',
          title: 'Agents that answer',
          description: 'Agents whose metrics can be read.',
          unit: 'short',
          queries: [{ expr: `count(${of('up', 'job="agent"')} == 1)`, legend: 'agents' }],
        },
        {
          kind: 'stat',
          title: 'Checks that failed',
          description: 'Share of the checks in flows that did not hold.',
          unit: 'percentunit',
          queries: [
            {
              expr: share(of('stampede_checks_total', 'result="failed"'), of('stampede_checks_total')),
              legend: 'failed',
            },
          ],
          limits: { watch: 0.001, bad: 0.01 },
        },
      ],
    },
    {
      title: 'Work',
      panels: [
        {
          kind: 'lines',
          title: 'Active by agent',
          description:
            'Users and iterations of each agent. They are dealt out evenly; when an agent is lost the others get its share.',
          unit: 'short',
          min: 0,
          queries: [{ expr: sum(of('stampede_active'), 'agent'), legend: 'agent {{agent}}' }],
        },
        {
          kind: 'lines',
          title: 'Requests by agent',
          description: 'Requests that have ended.',
          unit: 'reqps',
          min: 0,
          queries: [{ expr: sum(rate(of('stampede_requests_total')), 'agent'), legend: 'agent {{agent}}' }],
        },
        {
          kind: 'lines',
          title: 'Response time p99 by agent',
          description: 'Agents should see the same. One that sees more has a problem of its own.',
          unit: 's',
          min: 0,
          queries: [
            {
              expr: quantile(0.99, of('stampede_request_duration_seconds_bucket'), 'agent'),
              legend: 'agent {{agent}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Requests in flight',
          description: 'Requests without an answer yet. It grows when the target, or the network to it, is slow.',
          unit: 'short',
          min: 0,
          queries: [{ expr: sum(of('stampede_requests_in_flight'), 'agent'), legend: 'agent {{agent}}' }],
        },
        {
          kind: 'lines',
          title: 'Connections',
          description: 'Open connections to the target.',
          unit: 'short',
          min: 0,
          queries: [{ expr: sum(of('stampede_sockets'), 'agent'), legend: 'agent {{agent}}' }],
        },
        {
          kind: 'lines',
          title: 'Iterations',
          description: 'Flows that were completed, failed, or were dropped because too many were under way.',
          unit: 'ops',
          min: 0,
          queries: [
            { expr: sum(rate(of('stampede_iterations_total')), 'agent, result'), legend: 'agent {{agent}} {{result}}' },
          ],
        },
      ],
    },
    {
      title: 'Health',
      panels: [
        {
          kind: 'lines',
          title: 'Processor',
          description: 'Share of one core, by agent, and of the coordinator.',
          unit: 'percentunit',
          min: 0,
          limits: { watch: 0.7, bad: 0.85 },
          queries: [
            { expr: max(of('stampede_agent_cpu_ratio'), 'agent'), legend: 'agent {{agent}}' },
            { expr: sum(rate(harness('process_cpu_seconds_total'))), legend: 'coordinator' },
          ],
        },
        {
          kind: 'lines',
          title: 'Event-loop delay p99',
          description: 'How long work had to wait for the event loop. It makes requests late.',
          unit: 's',
          min: 0,
          limits: { watch: 0.02, bad: 0.05 },
          queries: [{ expr: max(of('stampede_agent_loop_lag_p99_seconds'), 'agent'), legend: 'agent {{agent}}' }],
        },
        {
          kind: 'lines',
          title: 'Memory',
          description: 'Resident memory, by agent, and of the coordinator. A user at rest takes about 1 KB.',
          unit: 'bytes',
          min: 0,
          queries: [
            { expr: max(of('process_resident_memory_bytes'), 'agent'), legend: 'agent {{agent}}' },
            { expr: `max(${harness('process_resident_memory_bytes')})`, legend: 'coordinator' },
          ],
        },
        {
          kind: 'lines',
          title: 'Time in garbage collection',
          description: 'Share of time, by agent and kind of collection. Pauses are lateness.',
          unit: 'percentunit',
          min: 0,
          queries: [
            {
              expr: sum(rate(of('nodejs_gc_duration_seconds_sum')), 'agent, kind'),
              legend: 'agent {{agent}} {{kind}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Checks',
          description: 'Checks in flows that held and that failed, by check.',
          unit: 'ops',
          min: 0,
          queries: [{ expr: sum(rate(of('stampede_checks_total')), 'name, result'), legend: '{{name}} {{result}}' }],
        },
        {
          kind: 'lines',
          title: 'Time of a scrape',
          description: 'How long reading the metrics of each agent takes.',
          unit: 's',
          min: 0,
          queries: [{ expr: max(of('scrape_duration_seconds', 'job="agent"'), 'agent'), legend: 'agent {{agent}}' }],
        },
      ],
    },
  ],
};
