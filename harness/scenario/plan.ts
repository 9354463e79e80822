import type { CurvePoint } from '../load/schedule.ts';
import type { Thinking, ThinkTime } from '../load/think-time.ts';
import type { LimitUnit, Op } from '../units.ts';

/**
 * What a run will do: frozen plain data, made once from a scenario, a seed, a nonce and a number of agents. It is printed by
 * `stampede plan`, kept in the run directory, and sent to every agent. Times are milliseconds from the load's start.
 */
export interface Plan {
  version: 1;
  name: string;
  question?: string;
  /** The scenario's file as the user named it. */
  file: string;
  target: { kind: 'reference' } | { kind: 'compose' } | { kind: 'own'; url: string; topology?: string };
  seed: number;
  /** Sets the ids of this run (`user.uuid()`) apart from those of others with its seed. */
  nonce: string;
  agents: number;
  durationMs: number;
  warmUpMs: number;
  recoveryMs: number;
  loads: LoadPlan[];
  http: HttpPlan;
  faults: FaultPlan[];
  objectives: ObjectivePlan[];
  invariants: string[];
  stopWhen: StopPlan[];
  validity: ValidityLimits;
}

export type LoadPlan =
  | { model: 'users'; name: string; curve: CurvePoint[]; graceMs: number; everyMs?: number; think?: ThinkTime }
  | { model: 'arrivals'; name: string; curve: CurvePoint[]; process: 'even' | 'poisson'; maxInFlight: number };

/** How requests go over the wire. */
export interface HttpPlan {
  driver: 'wire' | 'undici';
  /** A pool that all users share, or one for each. */
  connections: 'shared' | 'per-user';
  /** Where connections come from, in turn; empty leaves it to the system. */
  localAddresses: string[];
  http2: boolean;
  proxy?: string;
  insecure: boolean;
}

export interface FaultPlan {
  name: string;
  kind: string;
  params: unknown;
  settings: string;
  /** What it will hit: names of nodes, links or stores. */
  targets: string[];
  /** With a condition: not before. */
  atMs: number;
  forMs: number;
  after?: ConditionPlan;
}

/** A fault comes when this has held for `forMs`; not at all when that takes longer than `withinMs`. */
export interface ConditionPlan {
  expression: string;
  op: Op;
  limitValue: number;
  limit: string;
  forMs: number;
  withinMs: number;
}

export type WindowSelector = 'steady' | 'fault' | 'recovery' | 'whole' | `fault:${string}` | `recovery:${string}`;

interface ObjectiveBase {
  name: string;
  /** As written, tidied: `p99 < 400 ms`. */
  limit: string;
  op: Op;
  limitValue: number;
  unit: LimitUnit;
  during: WindowSelector[];
  /** `file:line:column` of the slo(...) call, the file relative to the working directory. */
  at?: string;
}

export type ClientMeasure =
  | { kind: 'quantile'; q: number; label: string }
  | { kind: 'max' }
  | { kind: 'errors' }
  | { kind: 'rate' };

export type ObjectivePlan =
  | (ObjectiveBase & { source: 'client'; of: string; measure: ClientMeasure })
  | (ObjectiveBase & {
      source: 'promql';
      expression: string;
      rangeMs: number;
      /** What a window without any data comes to; inconclusive when absent. */
      noData?: 'pass' | 'fail';
    });

interface StopBase {
  /** In words, without the limit: `errors of checkout`. */
  what: string;
  op: Op;
  limitValue: number;
  limit: string;
  forMs: number;
}

/** What ends a run before its time, once it has held for `forMs`. */
export type StopPlan =
  | (StopBase & { source: 'promql'; expression: string })
  | (StopBase & { source: 'client'; of: string; measure: ClientMeasure })
  | (StopBase & { source: 'harness'; health: 'lateness' | 'loopLag' | 'cpu' | 'agentsLost' });

export interface ValidityLimits {
  latenessP99Ms: number;
  rateKept: number;
  cpu: number;
  loopLagP99Ms: number;
  lostLoad: number;
  scrapeGaps: number;
}

/**
 * Most users at once, over all groups of the closed model; or only over those in which they think before each iteration
 * (`between`), or in their flows if anywhere (`in-flow`).
 */
export function peakUsers(plan: Plan, thinking?: Thinking): number {
  return plan.loads
    .filter((load) => load.model === 'users')
    .filter(({ think }) => thinking === undefined || (thinking === 'between') === (think !== undefined))
    .reduce((sum, load) => sum + Math.max(0, ...load.curve.map((point) => point.value)), 0);
}

export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
