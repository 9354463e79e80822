import type { TopologyStore } from '../../chaos/topology.ts';
import type { Operation } from '../load/recorder.ts';

/**
 * A check of what the system promised against what its stores hold, read past the system's own services: a lying service
 * would vouch for itself. Runs after the load has ended and all faults are healed.
 */
export type Oracle = (evidence: OracleEvidence) => Promise<Finding>;

export interface OracleEvidence {
  stores: TopologyStore[];
  /** Every operation that was sent with an idempotency key, in no order. */
  operations: Operation[];
  signal: AbortSignal;
}

export interface Finding {
  outcome: 'passed' | 'failed' | 'inconclusive';
  sentence: string;
  counts: Record<string, number>;
  examples: string[];
}
