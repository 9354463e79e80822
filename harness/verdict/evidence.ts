import type { JournalLine } from '../journal.ts';
import type { Plan } from '../scenario/plan.ts';

/** What a verdict is made from. It is read from a run directory, so that the same run always gets the same verdict. */
export interface Evidence {
  plan: Plan;
  events: JournalLine[];
  /** Names of all requests that were sent. */
  requestNames: string[];
  /** Everything that was counted by a name: those requests, their tags, checks, groups of steps. */
  counted: { kind: 'request' | 'tagged' | 'check' | 'group'; name: string }[];
  /** What was counted by a name and due in these seconds of the run's clock: response time, counted from due. */
  response(name: string, seconds: readonly number[]): Distribution & Endings;
  /** The same: service time, counted from when they were sent. */
  service(name: string, seconds: readonly number[]): Distribution;
  /** Milliseconds between due and sent, of all scheduled requests. */
  lateness: Distribution;
  /** On the run's clock. Rejects when there are no metrics at all. */
  queryRange(expression: string, fromMs: number, toMs: number, stepMs: number): Promise<EvidenceSeries[]>;
}

export interface Distribution {
  count: number;
  maxMs: number;
  quantile(q: number): number | null;
  countAbove(ms: number): number;
}

export interface Endings {
  errors: number;
  /** By how they ended, `ok` left out. */
  errorKinds: Record<string, number>;
}

export interface EvidenceSeries {
  labels: Record<string, string>;
  samples: { tMs: number; value: number }[];
}
