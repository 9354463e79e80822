import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import type { FaultEvent } from '../chaos/timeline.ts';
import type { LostAgent } from './agents/fleet.ts';
import type { EngineState } from './load/engine.ts';
import type { Operation, Trouble } from './load/recorder.ts';
import type { CurvePoint } from './load/schedule.ts';
import type { AlertTransition } from './monitor/rules/rule-engine.ts';

/**
 * journal.ndjson, version 1: everything that happened in a run, one event a line, in the order it was written. `tMs` is
 * the run's clock. What a report says is computed from this file, the histograms, the metrics and the plan, and from
 * nothing else.
 */
export type JournalEvent =
  | {
      kind: 'run started';
      version: 1;
      id: string;
      /** ISO 8601 wall-clock time of the run's zero. */
      startedAt: string;
      epochMs: number;
      command: string;
      versions: { stampede: string; node: string; platform: string };
    }
  | { kind: 'healed'; run: string; fault: string; target: string; clean: boolean; evidence: string }
  | {
      kind: 'target ready';
      entry: string;
      nodes: number;
      links: number;
      scrapes: number;
      tookMs: number;
      ours: boolean;
    }
  | { kind: 'node exited'; node: string; how: string; restarted: boolean }
  | { kind: 'agents ready'; agents: number }
  | ({ kind: 'agent lost' } & LostAgent)
  /** Somebody changed the load as it ran: the groups follow these curves since, times from the load's start. */
  | { kind: 'load adjusted'; what: string; curves: Record<string, CurvePoint[]>; durationMs: number }
  | { kind: 'agent done'; agent: number }
  | { kind: 'load started'; atMs: number }
  | { kind: 'load ended'; reason: 'completed' | 'stopped' | 'interrupted' | 'broken'; why: string }
  | ({ kind: 'fault' } & FaultEvent)
  | GeneratorEvent
  | { kind: 'scrape gap'; job: string; url: string; node?: string; reason: string }
  | { kind: 'scrapes'; done: number; failed: number }
  /** `via` says who told it when it was not a rule of our own; then there is no value. */
  | ({ kind: 'alert'; via?: 'alertmanager'; value?: number } & Omit<AlertTransition, 'value'>)
  | { kind: 'monitor attached'; url: string; version: string; semantics: 'v2' | 'v3'; ours: boolean }
  | {
      /** What a real Prometheus and the embedded monitor say of one objective in one window. */
      kind: 'monitors compared';
      objective: string;
      window: string;
      prometheus: MonitorSays;
      embedded: MonitorSays;
    }
  | ({ kind: 'trouble'; agent: number } & Trouble)
  | { kind: 'warning'; text: string }
  | {
      kind: 'invariant';
      name: string;
      outcome: 'passed' | 'failed' | 'inconclusive';
      sentence: string;
      counts: Record<string, number>;
      examples: string[];
    }
  | { kind: 'residue'; found: string[] }
  | { kind: 'run ended' };

export interface MonitorSays {
  outcome: 'passed' | 'failed' | 'inconclusive';
  value: number | null;
}

/** One agent's own health over the second before, with running totals. */
export interface GeneratorEvent extends EngineState {
  kind: 'generator';
  agent: number;
  cpu: number;
  loopLagP99Ms: number;
  rssBytes: number;
  gcMaxMs: number;
  gcTotalMs: number;
  latenessP99Ms: number | null;
  /** The whole of it: an encoded histogram in base64. */
  lateness: string;
}

export type JournalLine = JournalEvent & { tMs: number };

export interface Journal {
  write(event: JournalEvent): void;
  close(): void;
}

/**
 * Appends to a file; each line reaches the operating system before `write` returns, so a crash loses none. `write` never
 * throws: the first failure is told to `onFailure`, and the run goes on to its end without a journal.
 */
export function openJournal(
  path: string,
  nowMs: () => number,
  { onEvent = () => {}, onFailure }: { onEvent?: (line: JournalLine) => void; onFailure: (error: unknown) => void },
): Journal {
  const file = openSync(path, 'a');
  let open = true;
  const close = () => {
    if (open) closeSync(file);
    open = false;
  };
  return {
    write(event) {
      const line: JournalLine = { tMs: round(nowMs()), ...event };
      try {
        if (open) appendFileSync(file, `${JSON.stringify(line)}\n`);
      } catch (error) {
        close();
        onFailure(error);
      }
      onEvent(line);
    },
    close,
  };
}

/** Reads a journal back. A last line torn by a crash is left out; any other bad line throws with its number. */
export function readJournal(path: string): JournalLine[] {
  const texts = readFileSync(path, 'utf8').split('\n');
  const lines: JournalLine[] = [];
  for (const [index, text] of texts.entries()) {
    if (text === '') continue;
    try {
      lines.push(JSON.parse(text));
    } catch (error) {
      if (index === texts.length - 1) break;
      throw new Error(`${path}, line ${index + 1}, is not JSON`, { cause: error });
    }
  }
  return lines;
}

/** Reads operations.ndjson: every request that carried an idempotency key, with what is known of its effect. */
export function readOperations(path: string): Operation[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): Operation => JSON.parse(line));
}

/** Tenths of a millisecond are as fine as any of our clocks is true. */
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
