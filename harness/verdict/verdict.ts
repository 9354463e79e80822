/**
 * verdict.json, version 1: the whole answer of a run. Every writer (terminal, HTML, Markdown, JUnit) renders this and
 * computes nothing of its own. Times are milliseconds on the run's clock; ratios are 0..1; latencies are milliseconds.
 */

export type Outcome = 'passed' | 'failed' | 'inconclusive';

export type WindowKind = 'steady' | 'fault' | 'recovery' | 'whole';

/** `spans` are half-open [fromMs, toMs) in whole seconds of the run's clock. Steady time may be in several pieces. */
export interface VerdictWindow {
  /** `steady`, `fault:<name>`, `recovery:<name>` or `whole`. */
  name: string;
  kind: WindowKind;
  spans: { fromMs: number; toMs: number }[];
}

export type Unit = 'ms' | 'ratio' | 'per second' | 'number';

/** One objective judged in one window. `value` is null when there was nothing to judge: that is never a pass. */
export interface ObjectiveCell {
  window: string;
  outcome: Outcome;
  value: number | null;
  samples: number;
  /** Why it is inconclusive, or where the worst value was. */
  note?: string;
}

export interface ObjectiveResult {
  name: string;
  /** As a person reads it: `p99 < 400 ms`. */
  limit: string;
  limitValue: number;
  op: '<' | '<=' | '>' | '>=';
  unit: Unit;
  source: 'client' | 'promql';
  /** The request name (client) or the expression (promql) that was judged. */
  of: string;
  /** `file:line:column` of the slo(...) call. */
  at?: string;
  outcome: Outcome;
  /** Windows the objective does not apply to have no cell. */
  cells: ObjectiveCell[];
  /** Share of the run's error budget spent, 1 = all of it. Only for objectives that define a budget. */
  budget?: { spent: number; byFault: Record<string, number> };
}

export interface FaultResult {
  name: string;
  kind: string;
  /** What it hit: `orders->shard-eu-0`, `gateway-1`. */
  target: string;
  /** Its settings in words: `800 ms, jitter 200 ms`. */
  settings: string;
  outcome: Outcome;
  requestedMs: number;
  appliedMs?: number;
  provenMs?: number;
  /** The measured effect: `orders->shard-eu-0 takes 812 ms, took 2 ms before`. */
  proof?: string;
  undoRequestedMs?: number;
  undoneMs?: number;
  cleanMs?: number;
  /** First objective breach after the proof; absent when no objective noticed. */
  detectedMs?: number;
  detectedBy?: string;
  /** First second of a sustained return to the steady band after the undo. */
  recoveredMs?: number;
  budgetSpent?: number;
  /** Why it is not `passed`. */
  note?: string;
}

export interface InvariantResult {
  name: string;
  outcome: Outcome;
  /** `84,113 orders acknowledged, 0 lost, 0 stored twice`. */
  sentence: string;
  counts: Record<string, number>;
  examples: string[];
}

/** One thing that had to be true of the harness itself for the numbers to mean anything. */
export interface ValidityCheck {
  /** `rate kept`, `lateness p99`, `event-loop lag p99`, `CPU of the busiest agent`, `drops`, `agents`, `scrapes`. */
  name: string;
  ok: boolean;
  value: number | null;
  limit: number;
  unit: 'ms' | 'ratio' | 'number';
  /** Cause and cure, as one or two sentences. Present when not ok. */
  sentence?: string;
}

export interface Validity {
  fit: boolean;
  checks: ValidityCheck[];
  offeredPerSec: number;
  achievedPerSec: number;
  drops: number;
  latenessP99Ms: number | null;
  loopLagP99Ms: number | null;
  /** Busiest agent, share of one core. */
  cpuMax: number | null;
  agentsPlanned: number;
  agentsFinished: number;
  scrapeGaps: number;
}

/**
 * Over the whole run. Percentiles are response time, counted from when the request was due. Checks and groups of a
 * scenario have rows of their own; a request with a tag is counted once more in the row of its tag.
 */
export interface RequestSummary {
  kind: 'request' | 'tagged' | 'check' | 'group';
  /** As the report shows it: `checkout`, `checkout{region="eu"}`, `check: has a price`, `group: whole purchase`. */
  name: string;
  count: number;
  perSec: number;
  p50Ms: number | null;
  p90Ms: number | null;
  p99Ms: number | null;
  p999Ms: number | null;
  maxMs: number | null;
  /** From when it was handed to the connection: what a tool that forgets due times would have reported. */
  serviceP99Ms: number | null;
  errors: number;
  errorRatio: number;
  /** `5xx`, `4xx`, `timeout`, `reset`, ... with counts. */
  errorKinds: Record<string, number>;
  firstError?: { tMs: number; what: string };
}

export interface Verdict {
  version: 1;
  run: {
    id: string;
    scenario: string;
    /** The scenario's file as the user named it. */
    file: string;
    /** What it ran against, where the command must say so. */
    target?: 'compose';
    question?: string;
    /** ISO 8601, the only wall-clock time. */
    startedAt: string;
    durationMs: number;
    /** When load was on, run clock. */
    loadFromMs: number;
    loadToMs: number;
    seed: number;
    agents: number;
    /** Most virtual users active at once. */
    peakUsers: number;
    iterations: number;
    failedIterations: number;
    command: string;
    versions: { stampede: string; node: string; platform: string };
  };
  outcome: Outcome;
  exitCode: number;
  ended:
    | { how: 'completed' }
    | { how: 'stopped'; reason: string }
    | { how: 'interrupted' }
    | { how: 'broken'; reason: string };
  /** Sentences, failures before inconclusives; empty when passed. */
  causes: string[];
  windows: VerdictWindow[];
  objectives: ObjectiveResult[];
  faults: FaultResult[];
  invariants: InvariantResult[];
  validity: Validity;
  requests: RequestSummary[];
  /** Faults found still in place after everything was undone. */
  residue: string[];
  warnings: string[];
}
