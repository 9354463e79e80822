import { setTimeout as sleep } from 'node:timers/promises';
import { counted } from '../metrics-page.ts';

/** Where requests are counted, and by which series. Several pages may be of one job. */
export interface CountingPages {
  pages: { job: string; page: string }[];
  series: string;
}

/** How often requests came in one window of time, a second, by the address of the page that counts them. */
export interface Rates {
  perSec: Record<string, number>;
  /** At least one page has counted anything, ever. */
  counting: boolean;
}

/**
 * Window after window, without a gap. A page must have answered at both ends of a window to be in it: what one has counted
 * in its life is no rate. Rejects when the signal aborts.
 */
export async function* requestRates(
  counting: CountingPages,
  windowMs: number,
  signal: AbortSignal,
): AsyncGenerator<Rates, never> {
  for (let before = await read(counting, signal); ; ) {
    await sleep(Math.max(0, before.startMs + windowMs - performance.now()), undefined, { signal });
    const after = await read(counting, signal);
    yield ratesBetween(before, after);
    before = after;
  }
}

interface Reading {
  startMs: number;
  /** Of pages that answered; 0 when there is no such series, which may begin with the first request. */
  counts: Map<string, { count: number; atMs: number }>;
}

async function read({ pages, series }: CountingPages, signal: AbortSignal): Promise<Reading> {
  const startMs = performance.now();
  const counts: Reading['counts'] = new Map();
  await Promise.all(
    pages.map(async ({ page }) => {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(PAGE_MS)]);
      const count = await counted({ page, series }, patience).catch(() => undefined);
      if (count !== undefined) counts.set(page, { count, atMs: performance.now() });
    }),
  );
  signal.throwIfAborted();
  return { startMs, counts };
}

function ratesBetween(before: Reading, after: Reading): Rates {
  const perSec: Record<string, number> = {};
  for (const [page, { count, atMs }] of after.counts) {
    const was = before.counts.get(page);
    if (was !== undefined) perSec[page] = (Math.max(0, count - was.count) / (atMs - was.atMs)) * 1_000;
  }
  return { perSec, counting: [...after.counts.values()].some(({ count }) => count > 0) };
}

/** One page that hangs holds nobody up for longer. */
const PAGE_MS = 1_000;
