/**
 * How long a fault that cannot be renewed may stay when nobody undoes it: as long as it is meant to, and a little for the undo.
 */
export function leaseMs(forMs: number): number {
  return Math.ceil(forMs) + MARGIN_MS;
}

const MARGIN_MS = 10_000;

/** As it was told, or as the fault's time has it. */
export function leaseOf({ forMs, leaseMs: told }: { forMs: number; leaseMs?: number }): number {
  return told ?? leaseMs(forMs);
}

/** How long a fault that is renewed may stay when nobody renews it any more, and how often it is. */
export const LEASE_MS = 15_000;
export const RENEW_MS = 5_000;
