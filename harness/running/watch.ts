import { join } from 'node:path';
import type { RunClock } from '../clock.ts';
import { EXIT, StampedeError } from '../errors.ts';
import type { Journal } from '../journal.ts';
import { type EmbeddedMonitor, type ScrapeTarget, startEmbeddedMonitor } from '../monitor/embedded.ts';
import {
  attachPrometheus,
  joinPrometheus,
  type PrometheusMonitor,
  startPrometheusMonitor,
} from '../monitor/prometheus/prometheus-monitor.ts';
import type { RunMonitor } from '../monitor/run-monitor.ts';
import { RUN_FILES } from '../read-run.ts';
import type { Target } from '../targets/target.ts';

/** What watches a run: the embedded monitor always, and a real Prometheus where one was asked for. */
export interface Watch {
  embedded: EmbeddedMonitor;
  prometheus: PrometheusMonitor | undefined;
  stop(): Promise<void>;
}

export interface WatchOptions {
  id: string;
  target: Target;
  agentUrls: string[];
  /** Of the coordinator's own metrics. */
  harnessUrl: string;
  directory: string;
  clock: RunClock;
  journal: Journal;
  signal: AbortSignal;
  /** `prometheus`, or the address of one; undefined for the embedded monitor alone. */
  wanted: string | undefined;
}

/** Starts to watch and waits until everything that is to be watched has been seen: what is missing now would be missed later. */
export async function watch(options: WatchOptions): Promise<Watch> {
  const { id, target, agentUrls, harnessUrl, directory, clock, journal, signal, wanted } = options;
  // Under the names that /targets gives them.
  const agents = agentUrls.map((url, index) => {
    return { job: 'agent', url, labels: { agent: String(index), instance: `agent-${index}`, run: id } };
  });
  const harness = { job: 'harness', url: harnessUrl, labels: { instance: 'harness', run: id } };
  const targets = [...target.topology().scrapes, ...agents, harness];
  const nodes = new Map([
    ...target.topology().scrapes.map(({ url, labels }) => [url, labels.node] as const),
    ...agentUrls.map((url, index) => [url, `agent ${index}`] as const),
  ]);
  const nowMs = () => clock.epochOf(clock.nowMs());
  const prometheus = await realPrometheus(wanted, target.prometheus, targets, journal, signal);
  const embedded = startEmbeddedMonitor({
    targets,
    intervalMs: 1_000,
    timeoutMs: 900,
    nowMs,
    recordTo: join(directory, RUN_FILES.metrics),
    ...(prometheus === undefined ? {} : { semantics: prometheus.semantics }),
    onGap({ job, url, reason }) {
      const node = nodes.get(url);
      journal.write({ kind: 'scrape gap', job, url, ...(node === undefined ? {} : { node }), reason });
    },
  });
  const stop = async () => {
    await Promise.all([embedded.stop(), prometheus?.stop()]);
  };
  try {
    await ensureUp(embedded, targets.length, UP_MS, signal);
    // It looks for new targets every five seconds only.
    if (prometheus !== undefined) await ensureUp(prometheus, targets.length, 2 * UP_MS, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return { embedded, prometheus, stop };
}

async function realPrometheus(
  wanted: string | undefined,
  own: string | undefined,
  targets: ScrapeTarget[],
  journal: Journal,
  signal: AbortSignal,
): Promise<PrometheusMonitor | undefined> {
  if (wanted === undefined && own === undefined) return undefined;
  const ours = wanted === 'prometheus';
  const options = { targets, nowMs: Date.now, signal };
  const monitor = await (wanted === undefined && own !== undefined
    ? joinPrometheus(own, options)
    : ours || wanted === undefined
      ? startPrometheusMonitor('prometheus', options)
      : attachPrometheus(wanted, options));
  const { url, version, semantics } = monitor;
  journal.write({ kind: 'monitor attached', url, version, semantics, ours });
  return monitor;
}

async function ensureUp(monitor: RunMonitor, all: number, deadlineMs: number, signal: AbortSignal): Promise<void> {
  const { down } = await monitor.waitUntilUp(deadlineMs, signal);
  if (down.length === 0 || signal.aborted) return;
  throw new StampedeError(
    'monitor/not-up',
    `${down.length} of ${all} scrape targets did not answer within ${deadlineMs / 1_000} s.`,
    {
      exitCode: EXIT.environment,
      facts: down.map(({ target: { url }, reason }) => `${url}: ${reason}`),
      hint: 'without their metrics there would be no verdict; check that each serves /metrics',
    },
  );
}

/** Every scrape leaves a sample of `up`, whether it succeeded or not. */
export async function scrapesOf(monitor: EmbeddedMonitor, clock: RunClock): Promise<number> {
  const nowMs = clock.nowMs();
  const range = `${Math.ceil(nowMs / 1_000) + 1}s`;
  const result = await monitor.query(`sum(count_over_time(up[${range}]))`, clock.epochOf(nowMs));
  return result.type === 'vector' ? (result.series[0]?.value ?? 0) : result.value;
}

const UP_MS = 15_000;
