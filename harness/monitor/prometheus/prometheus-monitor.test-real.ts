import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScrapeTarget } from '../scrape.ts';
import { prometheusClient } from './client.ts';
import { attachPrometheus, startPrometheusMonitor } from './prometheus-monitor.ts';
import { remoteWrite } from './remote-write.ts';
import { startPrometheus } from './server.ts';

/** Real servers, which PROMETHEUS and PROMETHEUS_3 name. */
const servers = [process.env.PROMETHEUS, process.env.PROMETHEUS_3].filter((name) => name !== undefined && name !== '');

let app: Server;
let target: ScrapeTarget;
const nobody = { job: 'nobody', url: 'http://127.0.0.1:9/metrics', labels: {} };
beforeAll(async () => {
  let scrapes = 0;
  app = createServer((_request, response) => {
    // Prometheus 3 takes no text without one.
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(`scrapes_total ${++scrapes}\n`);
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const { port } = app.address() as AddressInfo;
  target = { job: 'app', url: `http://127.0.0.1:${port}/metrics`, labels: { region: 'eu' } };
});
afterAll(() => {
  app.closeAllConnections();
  app.close();
});

describe.each(servers)('%s as the monitor of a run', (command = '') => {
  it('scrapes the targets, says which are up, and answers after a later scrape', async () => {
    const monitor = await startPrometheusMonitor(command, { targets: [target, nobody], nowMs: Date.now });
    try {
      const { up, down } = await monitor.waitUntilUp(9_000);
      expect(up).toEqual([target]);
      expect(down).toEqual([{ target: nobody, reason: 'up is not 1 in Prometheus' }]);
      const before = await monitor.query('scrapes_total', Date.now());
      const askedMs = Date.now();
      await monitor.scrapeNow();
      const after = await monitor.query('timestamp(up{job="app"})', Date.now());
      expect(before).toMatchObject({ type: 'vector', series: [{ labels: { job: 'app', region: 'eu' } }] });
      expect(after.type === 'vector' && (after.series[0]?.value ?? 0) * 1_000 > askedMs).toBe(true);
    } finally {
      await monitor.stop();
    }
  });

  it('that runs already finds the targets by http_sd', async () => {
    const discoveryPort = 39_465;
    const config = {
      global: { scrape_interval: '1s' },
      scrape_configs: [
        { job_name: 'runs', http_sd_configs: [{ url: `http://127.0.0.1:${discoveryPort}/`, refresh_interval: '1s' }] },
      ],
    };
    const server = await startPrometheus({ command, config });
    const monitor = await attachPrometheus(server.url, { targets: [target], nowMs: Date.now, discoveryPort });
    try {
      expect(monitor.semantics).toBe(command === process.env.PROMETHEUS_3 ? 'v3' : 'v2');
      expect(await monitor.waitUntilUp(15_000)).toEqual({ up: [target], down: [] });
    } finally {
      await monitor.stop();
      await server.stop();
    }
  });

  it('takes a finished run by remote write', async () => {
    const server = await startPrometheus({ command, config: { global: {} } });
    try {
      const nowMs = Date.now();
      const samples = [3, 4, undefined].map((value, i) => ({ tMs: nowMs - 3_000 + i * 1_000, value }));
      await remoteWrite(server.url, [{ labels: { __name__: 'x', run: 'r' }, samples }]);
      const { instant } = prometheusClient(server.url);
      expect(await instant('x', nowMs - 1_500)).toMatchObject({ series: [{ labels: { run: 'r' }, value: 4 }] });
      expect(await instant('x', nowMs)).toMatchObject({ series: [] });
    } finally {
      await server.stop();
    }
  });
});

it('a Prometheus that is not there is told with what to do', async () => {
  const options = { targets: [], nowMs: Date.now };
  await expect(startPrometheusMonitor('no-such-prometheus', options)).rejects.toMatchObject({
    message: expect.stringContaining('Prometheus (no-such-prometheus) did not start'),
    hint: expect.stringContaining('apt-get install prometheus'),
    exitCode: 4,
  });
  await expect(attachPrometheus('http://127.0.0.1:9', { ...options, discoveryPort: 0 })).rejects.toMatchObject({
    message: expect.stringContaining('http://127.0.0.1:9 does not answer'),
  });
});
