import { join } from 'node:path';
import type { RunClock } from '../clock.ts';
import { EXIT, StampedeError } from '../errors.ts';
import type { Journal } from '../journal.ts';
import { type EmbeddedMonitor, startEmbeddedMonitor } from '../monitor/embedded.ts';
import { RUN_FILES } from '../read-run.ts';
import type { Target } from '../target.ts';

/** Starts the monitor and waits until it has seen everything it is to watch: what is missing now would be missed later. */
export async function watch(
  target: Target,
  agentUrls: string[],
  directory: string,
  clock: RunClock,
  journal: Journal,
  signal: AbortSignal,
): Promise<EmbeddedMonitor> {
  const agents = agentUrls.map((url, index) => ({ job: 'agent', url, labels: { agent: String(index) } }));
  const targets = [...target.topology().scrapes, ...agents];
  const nodes = new Map([
    ...target.topology().scrapes.map(({ url, labels }) => [url, labels.node] as const),
    ...agentUrls.map((url, index) => [url, `agent ${index}`] as const),
  ]);
  const monitor = await startEmbeddedMonitor({
    targets,
    intervalMs: 1_000,
    timeoutMs: 900,
    nowMs: () => clock.epochOf(clock.nowMs()),
    recordTo: join(directory, RUN_FILES.metrics),
    onGap({ job, url, reason }) {
      const node = nodes.get(url);
      journal.write({ kind: 'scrape gap', job, url, ...(node === undefined ? {} : { node }), reason });
    },
  });
  const { down } = await monitor.waitUntilUp(UP_MS, signal);
  if (down.length > 0 && !signal.aborted) {
    await monitor.stop();
    throw new StampedeError(
      'monitor/not-up',
      `${down.length} of ${targets.length} scrape targets did not answer within ${UP_MS / 1_000} s.`,
      {
        exitCode: EXIT.environment,
        facts: down.map(({ target: { url }, reason }) => `${url}: ${reason}`),
        hint: 'without their metrics there would be no verdict; check that each serves /metrics',
      },
    );
  }
  return monitor;
}

/** Every scrape leaves a sample of `up`, whether it succeeded or not. */
export async function scrapesOf(monitor: EmbeddedMonitor, clock: RunClock): Promise<number> {
  const nowMs = clock.nowMs();
  const range = `${Math.ceil(nowMs / 1_000) + 1}s`;
  const result = await monitor.query(`sum(count_over_time(up[${range}]))`, clock.epochOf(nowMs));
  return result.type === 'vector' ? (result.series[0]?.value ?? 0) : result.value;
}

const UP_MS = 15_000;
