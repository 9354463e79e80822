import type { Board } from '../board.ts';
import { RUN_VARIABLE } from '../board-parts.ts';
import { LIMITS } from '../limits.ts';
import { max, metric, quantile, rate, share, sum } from '../promql.ts';
import { runTrust } from './run-trust.ts';

const run = 'run=~"$run"';
const requests = metric('stampede_requests_total', run);
const failed = metric('stampede_requests_total', run, 'ending!="ok"');
const buckets = metric('stampede_request_duration_seconds_bucket', run);

/** Does it hold? Under what load, and can the numbers be believed? */
export const runBoard: Board = {
  name: 'run',
  title: 'Stampede: run',
  description: 'One run: what was offered and achieved, latency, errors, promises, and whether to believe it.',
  variables: [RUN_VARIABLE],
  rows: [
    {
      title: 'Does it hold?',
      panels: [
        {
          kind: 'stat',
          title: 'Promises kept',
          description:
            'How many of the promises have held so far. What counts is the verdict at the end, window by window.',
          unit: 'percentunit',
          queries: [{ expr: `avg(${metric('stampede_slo_ok', run)})`, legend: 'kept' }],
          limits: { bad: 0.999, lessIsWorse: true },
          min: 0,
          max: 1,
        },
        {
          kind: 'stat',
          title: 'Least error budget left',
          description: 'Of the promise that has the least left. Below 0 % it is overspent.',
          unit: 'percentunit',
          queries: [{ expr: `min(${metric('stampede_slo_budget_left_ratio', run)})`, legend: 'least' }],
          limits: { watch: 0.5, bad: 0, lessIsWorse: true },
        },
        {
          kind: 'stat',
          title: 'Generator',
          description:
            'Whether the load generator does what the plan asks for. Numbers of an unfit one are about itself.',
          unit: 'none',
          queries: [{ expr: `min(${metric('stampede_validity_ok', run)})`, legend: 'fit' }],
          words: { 1: { text: 'fit', tone: 'good' }, 0: { text: 'UNFIT', tone: 'bad' } },
        },
        {
          kind: 'stat',
          title: 'Achieved',
          description: 'Requests that have ended, of all agents.',
          unit: 'reqps',
          queries: [{ expr: sum(metric('stampede_achieved_per_second', run)), legend: 'achieved' }],
        },
        {
          kind: 'stat',
          title: 'Errors',
          description: 'Share of requests without a good answer.',
          unit: 'percentunit',
          queries: [{ expr: share(failed, requests), legend: 'errors' }],
          limits: LIMITS.errorRatio,
        },
        {
          kind: 'stat',
          title: 'Faults in place',
          description: 'Faults that are applied now.',
          unit: 'short',
          queries: [{ expr: sum(metric('fault_active', run)), legend: 'faults' }],
        },
      ],
    },
    {
      title: 'Load',
      panels: [
        {
          kind: 'lines',
          title: 'Offered and achieved',
          description:
            'Requests that were due, with starts that were dropped, and requests that have ended. A gap is a generator, or a system, that cannot keep up.',
          unit: 'reqps',
          min: 0,
          queries: [
            { expr: sum(metric('stampede_offered_per_second', run)), legend: 'offered' },
            { expr: sum(metric('stampede_achieved_per_second', run)), legend: 'achieved' },
          ],
        },
        {
          kind: 'lines',
          title: 'Users and iterations under way',
          description: 'What the plan asks for now, and how many users, or iterations of arrivals, are active.',
          unit: 'short',
          min: 0,
          queries: [
            { expr: sum(metric('stampede_active', run), 'load'), legend: '{{load}} active' },
            { expr: max(metric('stampede_planned_users', run), 'load'), legend: '{{load}} planned', isLimit: true },
          ],
        },
        {
          kind: 'lines',
          title: 'Iterations',
          description:
            'Flows that were completed, failed, or were dropped because too many were under way; and the arrivals that the plan asks for.',
          unit: 'ops',
          min: 0,
          queries: [
            { expr: sum(rate(metric('stampede_iterations_total', run)), 'result'), legend: '{{result}}' },
            {
              expr: max(metric('stampede_planned_arrivals_per_second', run), 'load'),
              legend: '{{load}} planned',
              isLimit: true,
            },
          ],
        },
      ],
    },
    {
      title: 'Answers',
      panels: [
        {
          kind: 'lines',
          title: 'Response time',
          description: 'From when a request was due to its last byte, all requests of all agents together.',
          unit: 's',
          min: 0,
          queries: [
            { expr: quantile(0.5, buckets), legend: 'p50' },
            { expr: quantile(0.9, buckets), legend: 'p90' },
            { expr: quantile(0.99, buckets), legend: 'p99' },
            { expr: quantile(0.999, buckets), legend: 'p99.9' },
          ],
        },
        {
          kind: 'lines',
          title: 'Response time p99 by request',
          description: 'From when a request was due to its last byte, for each request of the scenario.',
          unit: 's',
          min: 0,
          queries: [{ expr: quantile(0.99, buckets, 'name'), legend: '{{name}}' }],
        },
        {
          kind: 'lines',
          title: 'Errors by request',
          description: 'Share of requests without a good answer, for each request of the scenario.',
          unit: 'percentunit',
          min: 0,
          limits: LIMITS.errorRatio,
          queries: [{ expr: share(failed, requests, 'name'), legend: '{{name}}' }],
        },
        {
          kind: 'lines',
          title: 'Requests by how they ended',
          description: 'Good answers, error answers by class, timeouts, broken connections.',
          unit: 'reqps',
          min: 0,
          width: 12,
          stacked: true,
          queries: [{ expr: sum(rate(requests), 'ending'), legend: '{{ending}}' }],
        },
        {
          kind: 'lines',
          title: 'Requests by name',
          description: 'Which requests the users of the scenario make.',
          unit: 'reqps',
          min: 0,
          width: 12,
          queries: [{ expr: sum(rate(requests), 'name'), legend: '{{name}}' }],
        },
      ],
    },
    {
      title: 'Promises',
      panels: [
        {
          kind: 'states',
          title: 'Promises',
          description: 'Whether each promise has held so far. Once broken it stays broken for the window.',
          unit: 'none',
          queries: [{ expr: `min by (slo) (${metric('stampede_slo_ok', run)})`, legend: '{{slo}}' }],
          words: { 1: { text: 'holds', tone: 'good' }, 0: { text: 'BROKEN', tone: 'bad' } },
        },
        {
          kind: 'lines',
          title: 'How much of its limit each promise uses',
          description: 'The worst window so far over the limit; 100 % is the limit.',
          unit: 'percentunit',
          min: 0,
          limits: { bad: 1 },
          queries: [
            {
              expr: `${max(metric('stampede_slo_value', run), 'run, slo')} / ${max(metric('stampede_slo_limit', run), 'run, slo')}`,
              legend: '{{slo}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Error budget left',
          description:
            'Of what each promise allows: errors, or requests slower than its percentile. Below 0 % it is overspent.',
          unit: 'percentunit',
          limits: { watch: 0.5, bad: 0, lessIsWorse: true },
          queries: [{ expr: `min by (slo) (${metric('stampede_slo_budget_left_ratio', run)})`, legend: '{{slo}}' }],
        },
      ],
    },
    ...runTrust,
  ],
};
