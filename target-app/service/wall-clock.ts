/**
 * The time of day as this node takes it to be. All that depends on it (ages, freshness, expiry, deadlines, the Date header)
 * asks here, so that a clock that is wrong can be tried out: see `fault-hooks/`.
 */
let skewMs = 0;

export function nowMs(): number {
  return Date.now() + skewMs;
}

/** Positive: this node is ahead of the others. */
export function skewBy(ms: number): void {
  skewMs = ms;
}

/** What the Date header should say; `undefined` while the clock is right: then it is there without us. */
export function skewedDate(): string | undefined {
  return skewMs === 0 ? undefined : new Date(nowMs()).toUTCString();
}
