import type { ClockZero } from '../clock.ts';
import type { EngineState } from '../load/engine.ts';
import type { Operation, SlicePart, Trouble } from '../load/recorder.ts';
import type { CurvePoint } from '../load/schedule.ts';
import type { Share } from '../load/share.ts';
import type { Plan } from '../scenario/plan.ts';

/**
 * Everything that crosses the boundary between a fleet and an agent process. An agent sends load only while it holds a
 * lease: it renews every `RENEW_MS`, counted from when it asked, and stops by itself when `LEASE_MS` pass without an
 * answer, so that load never outlives its coordinator. What is said under an old epoch is refused.
 */

export type ToAgent =
  | {
      kind: 'assign';
      epoch: number;
      agent: number;
      share: Share;
      plan: Plan;
      scenarioFile: string;
      baseUrl: string;
      clock: ClockZero;
    }
  /** Load begins at this time of the run's clock, at all agents alike. */
  | { kind: 'start'; epoch: number; atMs: number; setup: unknown }
  /** These are yours too from now on: their agent was lost. `generation` counts how often that has happened. */
  | { kind: 'adopt'; epoch: number; shares: Share[]; generation: number }
  /** The load follows these curves from now on, and lasts so long. */
  | { kind: 'adjust'; epoch: number; curves: Record<string, CurvePoint[]>; durationMs: number }
  | { kind: 'renewed'; epoch: number; askedMs: number }
  | { kind: 'stop'; epoch: number };

export type FromAgent =
  | { kind: 'hello'; pid: number }
  /** The scenario is loaded; `metricsUrl` is where this agent can be scraped. */
  | { kind: 'ready'; epoch: number; metricsUrl: string }
  | { kind: 'renew'; epoch: number; askedMs: number }
  | { kind: 'snapshot'; epoch: number; snapshot: Snapshot }
  /** The last snapshot has this number: anything less means that data is missing. */
  | { kind: 'done'; epoch: number; lastSeq: number }
  | { kind: 'failed'; epoch: number; message: string; stack: string };

/** What one agent saw since its last snapshot. Numbered from 1 without gaps. */
export interface Snapshot {
  seq: number;
  /** Run clock, when it was taken. */
  tMs: number;
  slices: SlicePart[];
  operations: Operation[];
  troubles: Trouble[];
  /** Encoded histogram of milliseconds between due and sent. */
  lateness: Uint8Array;
  /** Totals so far, but for `active` and `inFlight`, which are of the moment. */
  state: EngineState;
  health: AgentHealth;
}

/** Since the last snapshot. CPU is a share of one core, all threads of the process together. */
export interface AgentHealth {
  cpu: number;
  loopLagP99Ms: number;
  rssBytes: number;
  /** Pauses of garbage collection: the longest, and all of them. */
  gcMaxMs: number;
  gcTotalMs: number;
}

export const RENEW_MS = 1_000;
export const LEASE_MS = 5_000;
