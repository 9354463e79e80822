import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryResult } from '../monitor.ts';
import { PromqlError } from '../promql/error.ts';
import type { Semantics } from '../promql/semantics.ts';
import type { RunMonitor } from '../run-monitor.ts';
import type { ScrapeTarget } from '../scrape.ts';
import { type PrometheusClient, prometheusClient } from './client.ts';
import { publishTargets, targetGroups } from './discovery.ts';
import { startPrometheus } from './server.ts';

/** A real Prometheus behind the interface of the embedded monitor. */
export interface PrometheusMonitor extends RunMonitor {
  url: string;
  version: string;
  semantics: Semantics;
}

export interface PrometheusOptions {
  targets: readonly ScrapeTarget[];
  /** Epoch milliseconds, as the server sees them: both run on this machine. */
  nowMs: () => number;
  signal?: AbortSignal;
}

/** Starts a Prometheus on 127.0.0.1 that scrapes the targets each second, with storage that goes when it stops. */
export async function startPrometheusMonitor(command: string, options: PrometheusOptions): Promise<PrometheusMonitor> {
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '900ms', evaluation_interval: '1s' },
    scrape_configs: [{ job_name: 'stampede', file_sd_configs: [{ files: ['targets.json'] }] }],
  };
  const server = await startPrometheus({
    command,
    config,
    files: { 'targets.json': JSON.stringify(targetGroups(options.targets)) },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    return await monitorAt(server.url, options, () => server.stop());
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Where targets are published for a Prometheus that runs already. */
export const DISCOVERY_PORT = 9465;

/** Asks a Prometheus that runs already, and publishes the targets for it to find. Throws when it does not answer. */
export async function attachPrometheus(
  url: string,
  options: PrometheusOptions & { discoveryPort?: number },
): Promise<PrometheusMonitor> {
  const published = await publishTargets(options.targets, options.discoveryPort ?? DISCOVERY_PORT);
  try {
    return await monitorAt(url, options, async () => published.close(), `http_sd_configs: [{ url: ${published.url} }]`);
  } catch (error) {
    published.close();
    throw error;
  }
}

/** Asks a Prometheus that runs already and finds all targets by itself. Throws when it does not answer. */
export function joinPrometheus(url: string, options: PrometheusOptions): Promise<PrometheusMonitor> {
  return monitorAt(url, options, async () => {});
}

async function monitorAt(
  url: string,
  { targets, nowMs }: PrometheusOptions,
  stop: () => Promise<void>,
  remedy?: string,
): Promise<PrometheusMonitor> {
  const client = prometheusClient(url);
  return {
    url,
    ...(await client.version()),
    async query(expression, atMs): Promise<QueryResult> {
      const answer = await client.instant(expression, atMs);
      if (answer.type === 'scalar' || answer.type === 'vector') return answer;
      throw new PromqlError(expression, 0, 'expected an expression that gives an instant vector or a scalar');
    },
    queryRange: (expression, fromMs, toMs, stepMs) => client.range(expression, fromMs, toMs, stepMs),
    async waitUntilUp(deadlineMs, signal) {
      const isUp = await scrapedAfter(client, targets, { sinceMs: 0, upOnly: true, deadlineMs, nowMs, signal });
      const reason = remedy === undefined ? 'up is not 1 in Prometheus' : `up is not 1 in ${url}; give it ${remedy}`;
      return {
        up: targets.filter((target) => isUp.has(target)),
        down: targets.filter((target) => !isUp.has(target)).map((target) => ({ target, reason })),
      };
    },
    async scrapeNow() {
      await scrapedAfter(client, targets, { sinceMs: nowMs(), upOnly: false, deadlineMs: SCRAPE_MS, nowMs });
    },
    stop,
  };
}

/** A scrape a second, which takes less than one; then the sample has to arrive. */
const SCRAPE_MS = 5_000;

interface Wait {
  sinceMs: number;
  upOnly: boolean;
  deadlineMs: number;
  nowMs: () => number;
  signal?: AbortSignal | undefined;
}

/** Targets that were scraped after a time, once all were or the deadline has passed. */
async function scrapedAfter(
  client: PrometheusClient,
  targets: readonly ScrapeTarget[],
  { sinceMs, upOnly, deadlineMs, nowMs, signal }: Wait,
): Promise<Set<ScrapeTarget>> {
  const expression = upOnly ? 'timestamp(up == 1)' : 'timestamp(up)';
  for (const untilMs = nowMs() + deadlineMs; ; await sleep(100)) {
    signal?.throwIfAborted();
    const answer = await client.instant(expression, nowMs());
    const scrapes = answer.type === 'vector' ? answer.series : [];
    const found = new Set(
      targets.filter((target) => scrapes.some(({ labels, value }) => value * 1_000 > sinceMs && isOf(target, labels))),
    );
    if (found.size === targets.length || nowMs() >= untilMs) return found;
  }
}

/** Two targets on one port differ in their own labels, if in anything. */
function isOf({ job, url, labels: own }: ScrapeTarget, labels: Record<string, string>): boolean {
  const { host } = new URL(url);
  return (
    labels.job === job &&
    labels.instance === (own.instance ?? host) &&
    Object.entries(own).every(([name, value]) => labels[name] === value)
  );
}
