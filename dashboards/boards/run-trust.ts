import type { Row } from '../board.ts';
import { FAULT_STATE_WORDS, ON_OFF } from '../board-parts.ts';
import { max, metric, most, sum } from '../promql.ts';

const run = 'run=~"$run"';

/** Whether to believe a run, and what happens to it. */
export const runTrust: Row[] = [
  {
    title: 'Can it be believed?',
    panels: [
      {
        kind: 'lines',
        title: 'Lateness p99',
        description:
          'How long after they were due requests left the generator. Beyond the limit the run is inconclusive.',
        unit: 's',
        min: 0,
        width: 6,
        queries: [
          { expr: `max(${metric('stampede_lateness_p99_seconds', run)})`, legend: 'lateness' },
          { expr: `max(${metric('stampede_lateness_limit_seconds', run)})`, legend: 'limit', isLimit: true },
        ],
      },
      {
        kind: 'lines',
        title: 'Agents',
        description: 'Agents at work, of those that the plan asks for. The users of one that is lost go to the others.',
        unit: 'short',
        min: 0,
        width: 6,
        queries: [
          { expr: sum(metric('stampede_agents_ready', run)), legend: 'at work' },
          { expr: sum(metric('stampede_agents_planned', run)), legend: 'planned', isLimit: true },
        ],
      },
      {
        kind: 'lines',
        title: 'Dropped starts and lost agents',
        description:
          'Iterations that were due and could not be started, and agents that were lost. Each makes the run unfit.',
        unit: 'short',
        min: 0,
        width: 6,
        queries: [
          {
            expr: sum(`increase(${metric('stampede_dropped_starts_total', run)}[$__rate_interval])`),
            legend: 'dropped starts',
          },
          {
            expr: sum(`increase(${metric('stampede_agents_lost_total', run)}[$__rate_interval])`),
            legend: 'lost agents',
          },
        ],
      },
      {
        kind: 'lines',
        title: 'Scrapes that failed',
        description: 'By target. Those of a node that a fault has killed are expected.',
        unit: 'short',
        min: 0,
        width: 6,
        queries: [
          {
            expr: sum(`increase(${metric('stampede_scrape_gaps_total', run)}[$__rate_interval])`, 'target'),
            legend: '{{target}}',
          },
        ],
      },
    ],
  },
  {
    title: 'What happens to it',
    panels: [
      {
        kind: 'states',
        title: 'Faults',
        description: 'What the faults of the plan are doing. The board about faults says more.',
        unit: 'none',
        width: 12,
        queries: [
          { expr: max(metric('stampede_fault_state', run), 'fault, target'), legend: '{{fault}} on {{target}}' },
        ],
        words: FAULT_STATE_WORDS,
      },
      {
        kind: 'states',
        title: 'Phase',
        description: 'What the run is doing.',
        unit: 'none',
        width: 6,
        queries: [{ expr: max(metric('stampede_run_phase', run), 'phase'), legend: '{{phase}}' }],
        words: ON_OFF,
      },
      {
        kind: 'states',
        title: 'Alerts',
        description: 'Alerts of the run: those of its own rules, and those that an Alertmanager has told it.',
        unit: 'none',
        width: 6,
        queries: [
          { expr: max(most(metric('stampede_alerts_firing', run)), 'alert, via'), legend: '{{alert}} ({{via}})' },
        ],
        words: { 0: { text: 'quiet', tone: 'plain' } },
        limits: { bad: 1 },
      },
    ],
  },
];
