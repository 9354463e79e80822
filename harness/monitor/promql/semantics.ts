/**
 * Whose answers are given. Prometheus 2 counts a sample that lies exactly on the far end of a range or of the lookback,
 * Prometheus 3 does not; they also differ in how far a rate is stretched, in how sums are rounded, and in a few corners
 * that docs/promql.md lists.
 */
export type Semantics = 'v2' | 'v3';

/**
 * The far end of a window as an exclusive bound. All times are whole milliseconds, so that half of one before the end
 * makes the end itself a part of the window.
 */
export function farEndMs(ms: number, semantics: Semantics): number {
  return semantics === 'v2' ? ms - 0.5 : ms;
}
