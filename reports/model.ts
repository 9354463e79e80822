import type { Verdict } from '../harness/verdict/verdict.ts';

/**
 * All a report shows: the verdict, and the series behind it. Built once from a run directory (`harness/evidence.ts`);
 * the writers of HTML, Markdown, JUnit and the terminal summary take it as it is and compute no numbers.
 */
export interface ReportModel {
  verdict: Verdict;
  /** In the order of the page. */
  charts: Chart[];
  /** The journal in sentences. */
  events: { tMs: number; kind: string; text: string }[];
  /** Where the run's files are, as the user would type it: `reports/runs/20261123-173650`. */
  directory: string;
  /** The frozen plan, pretty-printed for the page's last section. */
  planText: string;
}

export type SeriesRole = 'p50' | 'p90' | 'p99' | 'p999' | 'offered' | 'done' | 'dropped' | 'users' | 'errors' | 'other';

export interface Chart {
  id: string;
  group: 'load' | 'latency' | 'errors' | 'target' | 'generator';
  title: string;
  /** States the finding: `p99 rose from 131 ms to 612 ms during fault:slow-shard, limit 400 ms`. */
  caption: string;
  unit: 'ms' | 'per second' | 'count' | 'ratio';
  scale: 'linear' | 'log';
  /** Seconds on the run's clock, ascending. */
  x: number[];
  /** Same length as x; null = nothing measured. */
  series: { label: string; role: SeriesRole; values: (number | null)[] }[];
  limits: { label: string; value: number }[];
  /** Why there is nothing to draw, when there is nothing. */
  empty?: string;
}
