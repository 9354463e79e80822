import type { Ran, RunOptions } from '../processes.ts';

/** A load generator as the bench knows it: command lines, and how to read what it says of itself. */
export interface Peer {
  name: string;
  version: string;
  /** So many requests under way all the time, for so long. */
  closedLoop?(ask: Ask & { connections: number }): Job;
  /** So many requests begin a second, whatever becomes of them. */
  arrivals?(ask: Ask & { ratePerSec: number }): Job;
  /** So many users, who think so long between two requests. */
  users?(ask: Ask & { users: number; thinkSec: number }): Job;
}

export interface Ask {
  url: string;
  seconds: number;
  /** A folder for scripts and outputs. */
  scratch: string;
}

export interface Job {
  command: string[];
  env?: NodeJS.ProcessEnv;
  /** Reads its output, with another program of its own where it needs one. */
  read(ran: Ran, run: RunTool): Promise<Outcome> | Outcome;
}

export type RunTool = (command: readonly string[], options: RunOptions) => Promise<Ran>;

/** What a tool says it did. A quantile that it does not tell is absent. */
export interface Outcome {
  requests: number;
  errors: number;
  latency: Latency;
  /** From its first request to its last; absent for a tool that takes as long as it was asked to. */
  tookSec?: number;
}

export interface Latency {
  p50Ms?: number;
  p99Ms?: number;
  p999Ms?: number;
  maxMs?: number;
}

/** For messages and tables: paths of this machine are nobody's business. */
export function shown(command: readonly string[]): string {
  return command
    .map((part) => part.replace(/(^|=)\/(?:[\w.@-]+\/)*(?=[\w.@-])/, '$1'))
    .map((part) => (/[\s{}"'|]/.test(part) ? `'${part}'` : part))
    .join(' ');
}

/** A field of a tool's JSON that must be a number. */
export function numberAt(value: unknown, path: string): number {
  const found = path.split('/').reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
  if (typeof found !== 'number')
    throw new Error(`expected a number at ${path} of the tool's output, got ${String(found)}`);
  return found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
