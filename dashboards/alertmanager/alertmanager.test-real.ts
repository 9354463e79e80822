import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { prometheusClient } from '../../harness/monitor/prometheus/client.ts';
import { type PrometheusServer, startPrometheus } from '../../harness/monitor/prometheus/server.ts';
import { type Started, until, Workplace } from '../../harness/testing-cli.ts';

/** Real servers, which ALERTMANAGER and PROMETHEUS name. */
const { ALERTMANAGER = '', PROMETHEUS = '' } = process.env;
const dashboards = join(import.meta.dirname, '..');

/**
 *   a dead target ──> Prometheus ──rules──> Alertmanager ──webhook──> the run ──> its journal, its report
 *   the run ──/targets──> Prometheus
 *
 * with the files of the stack; only addresses are others.
 */
describe.skipIf(ALERTMANAGER === '' || PROMETHEUS === '')('an alert of Prometheus', () => {
  const workplace = new Workplace();
  const folder = mkdtempSync(join(tmpdir(), 'stampede-alertmanager-'));
  const [observePort, alertmanagerPort] = [39_464, 39_493];
  let shop: Server;
  let run: Started;
  let prometheus: PrometheusServer;
  let alertmanager: ChildProcess;

  const local = (file: string) =>
    readFileSync(join(dashboards, file), 'utf8').replaceAll('host.docker.internal:9464', `127.0.0.1:${observePort}`);

  beforeAll(async () => {
    shop = createServer((_request, response) => response.end('ok'));
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
    const { port } = shop.address() as AddressInfo;
    const scenario = workplace.scenario(
      'watched.ts',
      `import { scenario, users } from 'stampede';
export default scenario({
  name: 'watched', target: { url: 'http://127.0.0.1:${port}' },
  load: { people: users({ stages: [{ to: 5, over: '1s' }, { hold: '100s' }], flow: look }) },
});
async function look(user) { await user.think('200ms'); await user.get('/', { as: 'look' }); }`,
    );
    run = workplace.start(['run', scenario, '--plain', '--observe', String(observePort)]);

    writeFileSync(join(folder, 'alertmanager.yml'), local('alertmanager/alertmanager.yml'));
    alertmanager = spawn(
      ALERTMANAGER,
      [
        '--config.file=alertmanager.yml',
        '--storage.path=data',
        `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
        '--cluster.listen-address=',
      ],
      { cwd: folder, stdio: 'ignore' },
    );
    const config = parse(local('prometheus/prometheus.yml'));
    const rules = ['recording.yml', 'symptoms.yml'];
    config.rule_files = rules;
    config.alerting = { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanagerPort}`] }] }] };
    config.scrape_configs = config.scrape_configs.filter(
      ({ job_name: job }: { job_name: string }) => job === 'stampede',
    );
    config.scrape_configs.push({ job_name: 'catalog', static_configs: [{ targets: ['127.0.0.1:9'] }] });
    const files = Object.fromEntries(rules.map((name) => [name, local(`prometheus/rules/${name}`)]));
    prometheus = await startPrometheus({ command: PROMETHEUS, config: parse(stringify(config)), files });
  });
  afterAll(async () => {
    alertmanager?.kill('SIGKILL');
    await prometheus?.stop();
    shop.closeAllConnections();
    shop.close();
    await workplace.close();
    rmSync(folder, { recursive: true });
  });

  it('reaches the journal of the run and its report, and the run is found by service discovery', async () => {
    await until('the load', () => run.out.stderr.includes('load      started'));
    await until('the alert', () => /alert +ScrapeDown firing: catalog .*told by Alertmanager/.test(run.out.stderr));

    const { instant } = prometheusClient(prometheus.url);
    const jobs = async () => {
      const answer = await instant('sum by (job) (up{run!=""})', Date.now());
      return answer.type === 'vector' ? answer.series.map(({ labels, value }) => `${labels.job} ${value}`).sort() : [];
    };
    await until('the run in Prometheus', async () => (await jobs()).length === 2);
    const [id = ''] = workplace.runs;
    const known = await instant('stampede_run_info', Date.now());
    expect(known).toMatchObject({ series: [{ labels: { job: 'harness', run: id, scenario: 'watched' } }] });
    expect(await jobs()).toEqual([expect.stringMatching(/^agent \d+$/), 'harness 1']);

    expect((await workplace.run(['stop'])).code).toBe(0);
    await run.ended;
    const journal = workplace.read('reports/runs', id, 'journal.ndjson').trim().split('\n');
    const alerts = journal.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'alert');
    expect(alerts).toContainEqual({
      tMs: expect.any(Number),
      kind: 'alert',
      via: 'alertmanager',
      alert: 'ScrapeDown',
      state: 'firing',
      labels: { alertname: 'ScrapeDown', instance: '127.0.0.1:9', job: 'catalog', severity: 'ticket' },
      annotations: {
        summary: 'catalog at 127.0.0.1:9 cannot be scraped',
        description: expect.stringContaining('down or too busy'),
        runbook_url: 'docs/alerts.md#scrapedown',
      },
    });
    expect(workplace.read('reports/runs', id, 'report.html')).toContain('ScrapeDown firing');
  }, 90_000);
});
