import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, StampedeError } from '../errors.ts';
import { type Served, serveApi } from '../monitor/api/server.ts';
import { followRecording } from '../monitor/read-recording.ts';
import { describeRules } from '../monitor/rules/describe-rules.ts';
import { parseRuleFile } from '../monitor/rules/rule-file.ts';
import type { SeriesStore } from '../monitor/store.ts';
import { instantAnswers } from '../monitor/store-monitor.ts';
import { runsDirectory } from '../places.ts';
import { RUN_FILES } from '../read-run.ts';
import { findRun } from '../run-directory.ts';

export interface ServeOptions {
  port: number;
  version: string;
  /** Called once it serves. */
  onReady: (ready: { url: string; run: string; fromMs: number; toMs: number }) => void;
  /** Aborting ends it. */
  signal: AbortSignal;
}

const FOLLOW_EVERY_MS = 1_000;

/**
 * `stampede serve`: Prometheus' HTTP API over one run, for Grafana and promtool. A run that is still on is followed while
 * it writes.
 */
export async function serveCommand(name: string, { port, version, onReady, signal }: ServeOptions): Promise<void> {
  const run = findRun(runsDirectory, name);
  const path = join(run, RUN_FILES.metrics);
  if (!existsSync(path)) {
    throw new StampedeError('run/no-metrics', `Nothing was scraped in ${run}: it has no ${RUN_FILES.metrics}.`, {
      exitCode: EXIT.usage,
      hint: 'a run writes it once its monitor has started',
    });
  }
  const recording = await followRecording(path);
  const nowMs = () => (Number.isNaN(recording.toMs) ? Date.now() : recording.toMs);
  try {
    const rules = recordedRules(join(run, RUN_FILES.rules), recording.store);
    const server = await serveApi({ store: recording.store, version, nowMs, ...rules(nowMs) }, port);
    onReady({ url: server.url, run, fromMs: recording.fromMs, toMs: recording.toMs });
    await until(signal, async () => {
      if (!recording.complete) await recording.catchUp();
    });
    await server.close();
  } finally {
    recording.close();
  }
}

/** The rules of a run, with the alerts that were active when its samples end: the run has evaluated them and wrote `ALERTS`. */
function recordedRules(
  path: string,
  store: SeriesStore,
): (nowMs: () => number) => Pick<Served, 'alerts' | 'ruleGroups'> {
  const groups = existsSync(path) ? parseRuleFile(readFileSync(path, 'utf8'), path) : [];
  const ask = instantAnswers(store);
  return (nowMs) => {
    const alerts = () => {
      const answer = ask('ALERTS', nowMs());
      const since = ask('ALERTS_FOR_STATE', nowMs());
      const found = answer.type === 'vector' ? answer.series : [];
      const times = since.type === 'vector' ? since.series : [];
      return found.map(({ labels: { __name__: _name, alertstate: state = '', ...labels } }) => {
        const time = times.find((one) => Object.entries(labels).every(([name, value]) => one.labels[name] === value));
        const activeAt = time === undefined ? {} : { activeAt: new Date(time.value * 1_000).toISOString() };
        return { labels, annotations: {}, state, ...activeAt, value: '1' };
      });
    };
    return { alerts, ruleGroups: () => describeRules(groups, alerts()) };
  };
}

/** Does something again and again until the signal aborts. */
async function until(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  while (!signal.aborted) {
    const timer = Promise.withResolvers<void>();
    const handle = setTimeout(timer.resolve, FOLLOW_EVERY_MS);
    await Promise.race([timer.promise, ended]);
    clearTimeout(handle);
    if (!signal.aborted) await work();
  }
}
