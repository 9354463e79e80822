import { z } from 'zod';
import { MOST_PER_SEC } from '../antagonist/hot-key.ts';
import type { Baseline, FaultKind, Resolved } from '../fault.ts';
import { proofWithin } from '../proof-within.ts';
import { showCount } from '../show.ts';
import type { Topology } from '../topology.ts';
import { answered, CROWD_GONE, type CrowdTarget, crowdFields, isGone, resolveCrowd, sendCrowd } from './crowd.ts';
import { hogUndoneBy, undoOfHog } from './hog.ts';
import { type CountingPages, type Rates, requestRates } from './request-rates.ts';

const params = z.strictObject({
  path: crowdFields.path,
  perSec: z
    .int()
    .min(10)
    .max(MOST_PER_SEC)
    .describe(`how often, a second, 10 to ${showCount(MOST_PER_SEC)}`),
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

interface HotKeyTarget extends CrowdTarget, CountingPages {}

/** Everybody asks for the same thing, so often, whether answers come or not; no more than 500 are out at once. */
export const hotKey: FaultKind<z.output<typeof params>, HotKeyTarget> = {
  kind: 'hot-key',
  family: 'load',
  about: 'One thing is asked for over and over, beside the load.',
  needs: 'an entry over plain HTTP, and pages of metrics (scrapes) that count requests; Linux',
  provenBy:
    "two witnesses, both in two seconds in a row: the target's own count of requests, above the most it was before by half of what is asked, and the answers that the crowd itself counts; once proven, that both go on",
  undoneBy: hogUndoneBy,
  params,
  resolve: ({ node, counter }, topology) => resolveHotKey(node, counter, topology),
  settings: ({ path, perSec }) => `${path} ${showCount(perSec)} times a second`,
  undoOf: undoOfHog,
  baseline: async (target, signal) => ({ requestsPerSec: await ratesBefore(target, signal) }),
  apply: ({ path, perSec }, target, how) => sendCrowd('hot-key', { path, perSec }, target, how),

  async prove({ perSec }, target, { applied, proven }, signal) {
    let evidence = `${target.name} was not looked at in time`;
    return proofWithin(
      signal,
      () => evidence,
      async () => {
        let [answers, atMs] = [answered(target), performance.now()];
        let before = new Set<string>();
        for await (const rates of requestRates(target, WINDOW_MS, signal)) {
          if (isGone(target)) return CROWD_GONE;
          const [answersNow, nowMs] = [answered(target), performance.now()];
          const ofCrowd = ((answersNow - answers) / (nowMs - atMs)) * 1_000;
          [answers, atMs] = [answersNow, nowMs];
          const jobs = jobRates(target.pages, rates, applied);
          const [first] = jobs;
          evidence =
            first === undefined
              ? `no page of metrics has ${target.series}`
              : `${first.job} answers ${showCount(first.now)} requests/s, at most ${showCount(first.most)} before; the crowd has ${showCount(ofCrowd)} answers/s`;
          // The load around it may change; that it still hits is then seen by its own answers, and by what the target counts.
          const hit = jobs.filter(({ now, most }) =>
            proven ? ofCrowd > 0 && now >= ofCrowd / 2 : ofCrowd >= perSec / 2 && now - most >= perSec / 2,
          );
          // One window may have what others did at that moment, or the last of what the crowd did.
          if (hit.some(({ job }) => before.has(job))) return { proven: true, evidence };
          before = new Set(hit.map(({ job }) => job));
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

/** By page. One that did not answer all the time is left out: nobody knows how much it counted. */
async function ratesBefore(target: HotKeyTarget, signal: AbortSignal): Promise<Record<string, number[]>> {
  const windows: Record<string, number>[] = [];
  for await (const { perSec } of requestRates(target, BASELINE_WINDOW_MS, signal)) {
    windows.push(perSec);
    if (windows.length === BASELINE_WINDOWS) break;
  }
  const before: Record<string, number[]> = {};
  for (const { page } of target.pages) {
    const rates = windows.flatMap((perSec) => perSec[page] ?? []);
    if (rates.length === BASELINE_WINDOWS) before[page] = rates;
  }
  return before;
}

interface JobRate {
  job: string;
  /** Requests a second, of pages that answered now and before. */
  now: number;
  /** In any window before. */
  most: number;
}

/** By job, the greatest rise first. None where nothing is counted. */
function jobRates(
  pages: CountingPages['pages'],
  { perSec, counting }: Rates,
  { requestsPerSec: before = {} }: Baseline,
): JobRate[] {
  if (!counting) return [];
  const jobs = new Map<string, { now: number; windows: number[] }>();
  for (const { job, page } of pages) {
    const [now, windows] = [perSec[page], before[page]];
    if (now === undefined || windows === undefined) continue;
    const others = jobs.get(job);
    jobs.set(job, {
      now: now + (others?.now ?? 0),
      windows: windows.map((rate, index) => rate + (others?.windows[index] ?? 0)),
    });
  }
  return [...jobs]
    .map(([job, { now, windows }]) => ({ job, now, most: Math.max(...windows) }))
    .sort((one, other) => other.now - other.most - (one.now - one.most));
}

const BASELINE_WINDOW_MS = 500;
const BASELINE_WINDOWS = 3;
const WINDOW_MS = 1_000;
