import type { Topology } from '../../chaos/topology.ts';
import type { BlastCap } from './blast-radius.ts';

/** What parsing needs from outside. */
export interface ParseContext {
  /** The scenario's file as the user named it. */
  file: string;
  /** Overrides of what the scenario says. */
  seed?: number;
  agents?: number;
  /** Of the run. */
  nonce: string;
  /** Nodes and links that faults are looked up in; undefined when the target has not told any. */
  topology: Topology | undefined;
  /** What the project allows any fault to hit. */
  cap?: BlastCap;
  /** Files a process may open, and local ports an address has. */
  limits: { descriptors: number; ports: number };
  /** Names of the invariants that exist. */
  invariants: readonly string[];
  /** Checks an expression: how far it reaches back and its shortest range, or what is wrong with it. */
  checkPromql: (
    expression: string,
  ) => { ok: true; rangeMs: number; shortestRangeMs?: number } | { ok: false; problem: string };
}
