import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prometheusClient } from '../harness/monitor/prometheus/client.ts';
import { remoteWrite } from '../harness/monitor/prometheus/remote-write.ts';
import { startPrometheus } from '../harness/monitor/prometheus/server.ts';
import { openFixture } from './fixtures/open-fixture.ts';
import { dashboardSchema } from './grafana-schema.ts';
import { answersOf, STEP_MS } from './panel-data.ts';

/** Real servers, which PROMETHEUS and PROMETHEUS_3 name. */
const servers = [process.env.PROMETHEUS, process.env.PROMETHEUS_3].filter((name) => name !== undefined && name !== '');
const folder = join(import.meta.dirname, 'grafana');
const boards = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => dashboardSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));

describe.each(servers)('%s', (command = '') => {
  it.each(['embedded', 'real-parts'])(
    'answers the boards on the recording %s as our own PromQL does',
    async (name) => {
      const server = await startPrometheus({ command, config: { global: {} } });
      try {
        const client = prometheusClient(server.url);
        const { semantics } = await client.version();
        const recording = await openFixture(`${name}.om.gz`, { semantics });
        const series = recording.store.select([]).map((each) => ({
          labels: each.labels.toRecord(),
          samples: Array.from({ length: each.length }, (_, i) => ({
            tMs: each.times[i] ?? 0,
            value: each.isStale(i) ? undefined : (each.values[i] ?? 0),
          })),
        }));
        for (let from = 0; from < series.length; from += 500)
          await remoteWrite(server.url, series.slice(from, from + 500));
        // Prometheus knows whole milliseconds only.
        const [fromMs, toMs] = [Math.ceil(recording.fromMs), Math.floor(recording.toMs)];
        const asking = { fromMs, toMs, stepMs: STEP_MS.fiveMinutes, scrapeMs: 2_000 };
        for (const board of boards) {
          const ours = await answersOf(board, { ...asking, monitor: recording });
          const theirs = await answersOf(board, { ...asking, monitor: { queryRange: client.range } });
          expect(theirs).toEqual(ours);
        }
      } finally {
        await server.stop();
      }
    },
    120_000,
  );
});
