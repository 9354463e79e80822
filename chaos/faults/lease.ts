/** How long a fault may stay when nobody undoes or renews it: as long as it is meant to, and a little for the undo. */
export function leaseMs(forMs: number): number {
  return Math.ceil(forMs) + MARGIN_MS;
}

const MARGIN_MS = 10_000;
