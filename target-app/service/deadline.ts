import type { IncomingHttpHeaders } from 'node:http';

export const DEFAULT_DEADLINE_MS = 5_000;

/** How long the caller will wait, from `X-Deadline-Ms`: what is left, not a point in time, as clocks differ. */
export function deadlineMsOf(headers: IncomingHttpHeaders): number {
  const given = Number(headers['x-deadline-ms']);
  return Number.isFinite(given) && given > 0 ? Math.min(given, 60_000) : DEFAULT_DEADLINE_MS;
}
