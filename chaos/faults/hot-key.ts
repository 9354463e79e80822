import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { MOST_PER_SEC } from '../antagonist/hot-key.ts';
import type { Baseline, FaultKind, Resolved } from '../fault.ts';
import { counted } from '../metrics-page.ts';
import { proofWithin } from '../proof-within.ts';
import type { Topology } from '../topology.ts';
import {
  CROWD_GONE,
  type CrowdTarget,
  connectionsOf,
  crowdFields,
  isAccepted,
  isGone,
  resolveCrowd,
  sendCrowd,
  text,
} from './crowd.ts';
import { hogUndoneBy, undoOfHog } from './hog.ts';

const params = z.strictObject({
  path: crowdFields.path,
  perSec: z
    .int()
    .min(10)
    .max(MOST_PER_SEC)
    .describe(`how often, a second, 10 to ${text(MOST_PER_SEC)}`),
  node: crowdFields.node,
  counter: z
    .string()
    .min(1)
    .default('http_server_requests_total')
    .describe(
      "the target's own counter of requests, as its pages of metrics print it, with labels or without; http_server_requests_total unless told",
    ),
});

export type HotKeyParams = z.input<typeof params>;

interface HotKeyTarget extends CrowdTarget {
  /** Pages of metrics by their job. */
  pages: { job: string; page: string }[];
  series: string;
}

/** Everybody asks for the same thing, so often, whether answers come or not; no more than 500 are out at once. */
export const hotKey: FaultKind<z.output<typeof params>, HotKeyTarget> = {
  kind: 'hot-key',
  family: 'load',
  about: 'One thing is asked for over and over, beside the load.',
  needs: 'an entry over plain HTTP, and pages of metrics (scrapes) that count requests; Linux',
  provenBy:
    "the target's own count of requests, above what it was before, and the kernel's list of connections that the server has accepted",
  undoneBy: hogUndoneBy,
  params,
  resolve: ({ node, counter }, topology) => resolveHotKey(node, counter, topology),
  settings: ({ path, perSec }) => `${path} ${text(perSec)} times a second`,
  undoOf: undoOfHog,
  baseline: async (target, signal) => ({ requestsPerSec: await requestsPerSec(target, BASELINE_MS, signal) }),
  apply: ({ path, perSec }, target, how) => sendCrowd('hot-key', { path, perSec }, target, how),

  async prove({ perSec }, target, { applied, proven }, signal) {
    let evidence = `${target.name} was not looked at in time`;
    return proofWithin(
      signal,
      () => evidence,
      async () => {
        while (!signal.aborted) {
          if (isGone(target)) return CROWD_GONE;
          const now = await requestsPerSec(target, WINDOW_MS, signal);
          const accepted = connectionsOf(target).filter(isAccepted).length;
          const [job, more] = greatestRise(applied, now);
          evidence = job === undefined ? `no page of metrics has ${target.series}` : rise(job, now, applied, accepted);
          // The load around it may change; that it still hits is then seen by the crowd's connections and the count going on.
          if (accepted > 0 && (proven ? (now[job ?? ''] ?? 0) > 0 : more >= perSec / 2))
            return { proven: true, evidence };
        }
        return undefined;
      },
    );
  },
};

function resolveHotKey(node: string | undefined, counter: string, topology: Topology): Resolved<HotKeyTarget> {
  const resolved = resolveCrowd('hot-key', node, topology);
  if (!resolved.ok) return resolved;
  const pages = topology.scrapes.map(({ job, url }) => ({ job, page: url }));
  if (pages.length === 0) {
    return {
      ok: false,
      problem: 'the target has no pages of metrics (scrapes), so that nobody could tell whether it is asked',
    };
  }
  const [first, ...others] = resolved.targets;
  const counting = (target: CrowdTarget): HotKeyTarget => ({ ...target, pages, series: counter });
  return { ok: true, targets: [counting(first), ...others.map(counting)] };
}

/** By job. Pages that do not answer, or do not count, are left out. */
async function requestsPerSec(
  target: HotKeyTarget,
  windowMs: number,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const [before, fromMs] = [await totals(target, signal), performance.now()];
  await sleep(windowMs, undefined, { signal });
  const [after, toMs] = [await totals(target, signal), performance.now()];
  const perSec: Record<string, number> = {};
  for (const [job, count] of after) {
    const was = before.get(job);
    if (was !== undefined) perSec[job] = (Math.max(0, count - was) / (toMs - fromMs)) * 1_000;
  }
  return perSec;
}

async function totals({ pages, series }: HotKeyTarget, signal: AbortSignal): Promise<Map<string, number>> {
  const read = await Promise.all(
    pages.map(async ({ job, page }) => ({ job, count: await counted({ page, series }, signal).catch(() => 0) })),
  );
  const byJob = new Map<string, number>();
  for (const { job, count } of read) if (count > 0) byJob.set(job, (byJob.get(job) ?? 0) + count);
  return byJob;
}

function greatestRise(
  { requestsPerSec: before = {} }: Baseline,
  now: Record<string, number>,
): [string | undefined, number] {
  let greatest: [string | undefined, number] = [undefined, Number.NEGATIVE_INFINITY];
  for (const [job, perSec] of Object.entries(now)) {
    const more = perSec - (before[job] ?? 0);
    if (more > greatest[1]) greatest = [job, more];
  }
  return greatest;
}

function rise(
  job: string,
  now: Record<string, number>,
  { requestsPerSec: before = {} }: Baseline,
  accepted: number,
): string {
  return `${job} answers ${text(now[job] ?? 0)} requests/s, answered ${text(before[job] ?? 0)} before; ${connections(accepted)} of the crowd accepted`;
}

function connections(count: number): string {
  return `${text(count)} connection${count === 1 ? '' : 's'}`;
}

const BASELINE_MS = 1_000;
const WINDOW_MS = 1_000;
