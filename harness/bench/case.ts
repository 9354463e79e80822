import type { Nginx } from './nginx.ts';
import type { Peer } from './peers/peer.ts';
import type { Processes } from './processes.ts';
import type { Measured } from './result.ts';

/** A part of the bench: what it asks, and how it is measured. Everything it starts goes through `processes`. */
export interface BenchCase {
  name: string;
  question: string;
  run(context: BenchContext): Promise<Measured[]>;
}

export interface BenchContext {
  processes: Processes;
  /** A folder for scripts and outputs, emptied afterwards. */
  scratch: string;
  /** Short runs, to see that everything works; its figures are not for quoting. */
  quick: boolean;
  /** Progress, a line each. */
  say: (line: string) => void;
  /** By name; or why it cannot be had. */
  peer(name: string): Promise<Peer | Missing>;
  /** The original Toxiproxy's server. */
  toxiproxy(): OriginalToxiproxy | Missing;
  nginx(options?: { logTimes: boolean }): Promise<Nginx | Missing>;
}

export interface OriginalToxiproxy {
  path: string;
  version: string;
}

export interface Missing {
  missing: string;
}

export function isMissing(found: object): found is Missing {
  return 'missing' in found;
}
