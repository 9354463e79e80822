import type { ObjectiveResult, Outcome } from '../../harness/verdict/verdict.ts';

/**
 * All the live view shows, as plain data: the harness fills it twice a second, `frame` and `progressLine` draw it.
 * Times are milliseconds on the run's clock, latencies milliseconds, ratios 0..1; null = not known (yet), never 0.
 */
export interface LiveState {
  scenario: string;
  question: string | null;
  phase: LivePhase;
  /** Now. */
  tMs: number;
  /** When load began; null before. */
  loadFromMs: number | null;
  /** How long the plan sends load; null when it has no end. */
  totalMs: number | null;
  /** The planned load curve: `tMs` from the start of load, ascending; only its shape is drawn. */
  plannedLoad: { tMs: number; value: number }[];
  /** In the order of the plan, those to come and those that are over as well. */
  faults: LiveFault[];
  /** Closed groups: users. */
  users: { name: string; active: number; planned: number }[];
  /** Open groups: iterations started, against those that were due. */
  arrivals: { name: string; perSec: number; plannedPerSec: number }[];
  inFlight: number | null;
  /** Iterations finished, in all. */
  iterations: number | null;
  traffic: LiveTraffic;
  /** Any number; the frame picks the ones worth a row. */
  requests: LiveRequest[];
  promises: LivePromise[];
  generator: LiveGenerator;
  /** The journal's last sentences, newest first. */
  events: { tMs: number; text: string }[];
  /** Takes the place of the Ctrl-C line: `Stopping: draining 1,204 requests, healing 1 fault (up to 30 s).` */
  notice: string | null;
}

export const LIVE_PHASES = ['starting', 'load', 'draining', 'healing', 'judging'] as const;

export type LivePhase = (typeof LIVE_PHASES)[number];

export interface LiveFault {
  name: string;
  kind: string;
  target: string;
  state: LiveFaultState;
  /** When it was requested, or is planned to be. */
  fromMs: number;
  /** When it was undone, or is planned to be; null = until the end of the run. */
  toMs: number | null;
}

/** The vocabulary of the verdict, plus `planned` before it and `no effect` for one that was not proven in time. */
export type LiveFaultState =
  | 'planned'
  | 'requested'
  | 'applied'
  | 'proven'
  | 'no effect'
  | 'undo requested'
  | 'undone'
  | 'undo proven';

/** Over the last ten seconds, all requests together. */
export interface LiveTraffic {
  offeredPerSec: number | null;
  donePerSec: number | null;
  droppedPerSec: number | null;
  /** Since the start: a drop must not leave the view because it is a minute old. */
  drops: number;
  errorRatio: number | null;
  p99Ms: number | null;
  /** `2xx`, `5xx`, `timeout`, ... in the order to show. */
  kinds: { name: string; perSec: number }[];
}

export interface LiveRequest {
  name: string;
  /** The last ten seconds. */
  last: {
    perSec: number;
    p50Ms: number | null;
    p90Ms: number | null;
    p99Ms: number | null;
    p999Ms: number | null;
    errorRatio: number | null;
  };
  soFar: { p99Ms: number | null; errorRatio: number | null };
  /** p99 of the last minute in equal steps, oldest first; null = nothing measured in that step. */
  p99MinuteMs: (number | null)[];
  /** The tightest latency limit on this request, if any. */
  limitMs: number | null;
  /** Whether any objective, latency or not, is about this request. */
  hasObjective: boolean;
}

export interface LivePromise extends Pick<ObjectiveResult, 'name' | 'limit' | 'limitValue' | 'op' | 'unit'> {
  /** So far, over all windows; null when none has begun. */
  outcome: Outcome | null;
  /** Windows it applies to and that have begun, in order of time. `outcome` null = too early to say. */
  cells: { window: string; outcome: Outcome | null; value: number | null; samples: number }[];
  /** What is left of the error budget; null when it has none. */
  budgetLeft: number | null;
}

export interface LiveGenerator {
  /** Why its numbers can't be believed, as a sentence; null = fit so far. */
  unfit: string | null;
  latenessP99Ms: number | null;
  latenessLimitMs: number;
  loopLagP99Ms: number | null;
  /** Busiest agent, share of one core. */
  cpuMax: number | null;
  agentsReady: number;
  agentsPlanned: number;
  scrapeGaps: number;
}
