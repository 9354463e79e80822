import { fileURLToPath } from 'node:url';
import { type AgentUsers, agentFlags } from '../agents/agent-flags.ts';
import type { Thinking } from '../load/think-time.ts';

/** What our-engine.ts is to do. */
export interface EngineSpec {
  url: string;
  driver: 'wire' | 'undici';
  connections: number;
  load: UsersSpec | { model: 'arrivals'; ratePerSec: number };
  /** Users come in over this time, which is part of the duration. */
  rampMs: number;
  durationMs: number;
}

/** They think for exponentially distributed times, between two iterations or at the beginning of their flow. */
export interface UsersSpec {
  model: 'users';
  users: number;
  thinkMeanMs: number;
  /** Between iterations unless told. */
  thinking?: Thinking;
}

export function thinkingOf({ thinking = 'between' }: UsersSpec): Thinking {
  return thinking;
}

/** What came of it. */
export interface EngineReport {
  requests: number;
  ok: number;
  dropped: number;
  failedIterations: number;
  /** From the load's start until the last request had ended. */
  tookMs: number;
  /** From when a request was due, and from when it was sent. */
  response: Quantiles | null;
  service: Quantiles | null;
  /** Between due and sent, while users come in and afterwards. */
  rampLateness: Quantiles | null;
  steadyLateness: Quantiles | null;
  /** Of the seconds after the ramp. */
  steadyRatePerSec: number | null;
  steadyCores: number | null;
  /** User and system time of the process, its start included. */
  cpuSec: number;
  peakRssBytes: number;
  /** When the load had just ended. */
  lastRssBytes: number;
  troubles: string[];
}

export interface Quantiles {
  count: number;
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
}

/** The program, with the flags of an agent. */
export function engineCommand(spec: EngineSpec): string[] {
  const program = fileURLToPath(new URL('our-engine.ts', import.meta.url));
  return [process.execPath, ...agentFlags(spec.driver, usersOf(spec)), program, JSON.stringify(spec)];
}

function usersOf({ load }: EngineSpec): AgentUsers {
  if (load.model !== 'users') return { between: 0, inFlow: 0 };
  return thinkingOf(load) === 'between' ? { between: load.users, inFlow: 0 } : { between: 0, inFlow: load.users };
}

export function readEngineReport(stdout: string): EngineReport {
  try {
    return JSON.parse(stdout) as EngineReport;
  } catch (cause) {
    throw new Error(`expected the engine's report as JSON, got '${stdout.slice(0, 200)}'`, { cause });
  }
}
