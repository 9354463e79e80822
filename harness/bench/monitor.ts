import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedMonitor } from '../monitor/embedded.ts';
import { ExpositionReader } from '../monitor/exposition.ts';
import { prometheusClient } from '../monitor/prometheus/client.ts';
import { remoteWrite } from '../monitor/prometheus/remote-write.ts';
import { startPrometheus } from '../monitor/prometheus/server.ts';
import { promql } from '../monitor/promql/promql.ts';
import { SeriesStore } from '../monitor/store.ts';

/** One measured value and its bar, as plain data. `value` is null where it could not be measured, with the reason. */
export interface Figure {
  name: string;
  value: number | null;
  unit: string;
  /** At most; absent where there is none. */
  bar?: number;
  note?: string;
}

/** The bars of the embedded monitor: queries, parsing, scraping, memory. Takes about a minute. */
export async function benchMonitor(options: { prometheus?: string | undefined } = {}): Promise<Figure[]> {
  const store = filledStore();
  return [
    ...instantFigures(store),
    ...(await rangeFigures(store, options.prometheus)),
    expositionFigure(),
    await scrapeFigure(),
    memoryFigure(),
    ...parserFigures(),
  ];
}

const FROM_MS = 1_700_000_000_000;
const SECONDS = 700;
const SERVICES = 20;
const BOUNDS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];

/** 5,040 series: 420 histograms of 12 buckets, for 20 services of 21 instances each; 700 s at 1 Hz. */
function filledStore(): SeriesStore {
  const store = new SeriesStore();
  const all = eachSeries((labels) => store.series(labels));
  for (let second = 0; second < SECONDS; second++) {
    all.forEach((series, i) => {
      store.append(series, FROM_MS + second * 1_000, bucketValue(second, i));
    });
  }
  return store;
}

function bucketValue(second: number, index: number): number {
  const bucket = index % BOUNDS.length;
  return second * (bucket + 1) * (1 + (index % 7)) + bucket;
}

function eachSeries<Made>(make: (labels: Record<string, string>) => Made): Made[] {
  const made: Made[] = [];
  for (let service = 0; service < SERVICES; service++) {
    for (let instance = 0; instance < 21; instance++) {
      for (const le of BOUNDS) {
        const labels = { service: `service-${service}`, instance: `10.0.${service}.${instance}:9090`, job: 'api' };
        made.push(make({ __name__: 'request_duration_seconds_bucket', ...labels, le }));
      }
    }
  }
  return made;
}

const NAME = 'request_duration_seconds_bucket';
const QUANTILE = `histogram_quantile(0.99, sum by (service, le) (rate(${NAME}[1m])))`;

function instantFigures(store: SeriesStore): Figure[] {
  const bars: [name: string, expression: string, barMs: number][] = [
    ['selector of 5,040 series', NAME, 2],
    ['sum by 20 groups', `sum by (service) (${NAME})`, 2],
    ['histogram_quantile over rate by 20 groups', QUANTILE, 10],
  ];
  return bars.map(([name, expression, bar]) => {
    const compiled = promql(expression);
    const ask = (i: number) => {
      const began = performance.now();
      compiled.instant(store, FROM_MS + 100_000 + (i % 600) * 1_000);
      return performance.now() - began;
    };
    // The first ones are compiled while they run; in a run the same expression is asked each second.
    for (let i = 0; i < 300; i++) ask(i);
    const batches = Array.from({ length: 8 }, () =>
      quantile(
        Array.from({ length: 200 }, (_, i) => ask(i)),
        0.99,
      ),
    );
    const note = 'of the least disturbed of 8 batches of 200';
    return { name: `instant query, ${name}, p99`, value: Math.min(...batches), unit: 'ms', bar, note };
  });
}

async function rangeFigures(store: SeriesStore, prometheus: string | undefined): Promise<Figure[]> {
  const compiled = promql(QUANTILE);
  const range = [FROM_MS + 100_000, FROM_MS + 699_000, 1_000] as const;
  const ours = await fastest(8, async () => compiled.range(store, ...range));
  const figures: Figure[] = [
    { name: 'range query of 600 steps, histogram_quantile by 20 groups', value: ours, unit: 'ms' },
  ];
  const ratio = { name: 'the same, times what Prometheus takes over HTTP', unit: 'x', bar: 2 };
  if (prometheus === undefined) return [...figures, { ...ratio, value: null, note: 'PROMETHEUS names no server' }];
  const server = await startPrometheus({ command: prometheus, config: { global: {} } });
  try {
    await fill(server.url);
    const client = prometheusClient(server.url);
    const theirs = await fastest(8, () => client.range(QUANTILE, ...range));
    return [...figures, { ...ratio, value: ours / theirs, note: `it takes ${theirs.toFixed(0)} ms` }];
  } finally {
    await server.stop();
  }
}

async function fill(url: string): Promise<void> {
  let index = 0;
  const series = eachSeries((labels) => {
    const own = index++;
    const samples = Array.from({ length: SECONDS }, (_, second) => ({
      tMs: FROM_MS + second * 1_000,
      value: bucketValue(second, own),
    }));
    return { labels, samples };
  });
  for (let at = 0; at < series.length; at += 500) await remoteWrite(url, series.slice(at, at + 500));
}

function exposition(second: number, series: number): string {
  const lines = [`# HELP ${NAME} How long requests took.`, `# TYPE ${NAME} histogram`];
  let index = 0;
  eachSeries(({ __name__, ...labels }) => {
    const own = index++;
    if (own >= series) return;
    const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
    lines.push(`${__name__}{${pairs.join(',')}} ${bucketValue(second, own)}`);
  });
  return `${lines.join('\n')}\n`;
}

/** As a scraper reads it: the same target again, with other values. */
function expositionFigure(): Figure {
  const megabyte = (second: number) => {
    const text = exposition(second, 5_040);
    const again = text.replaceAll('job="api"', 'job="web"').split('\n').slice(2);
    return `${text}${again.join('\n')}`.slice(0, 1_000_000).replace(/\n[^\n]*$/, '\n');
  };
  const reader = new ExpositionReader((labels) => labels);
  const times: number[] = [];
  for (let second = 0; second < 30; second++) {
    const text = megabyte(second);
    const began = performance.now();
    reader.read(text, 'prometheus');
    if (second >= 10) times.push(performance.now() - began);
  }
  return { name: 'parsing 1 MB of exposition, median', value: quantile(times, 0.5), unit: 'ms', bar: 15 };
}

/** CPU of this process for scraping one target of 5,040 series over HTTP, recorded to disk, at 1 Hz. */
async function scrapeFigure(): Promise<Figure> {
  const texts = Array.from({ length: 10 }, (_, second) => Buffer.from(exposition(second, 5_040)));
  let scrapes = 0;
  let servingUs = 0;
  const server = createServer((_request, response) => {
    response.end(texts[scrapes++ % texts.length]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  let nowMs = FROM_MS;
  const monitor = startEmbeddedMonitor({
    targets: [{ job: 'api', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`, labels: {} }],
    intervalMs: 3_600_000,
    timeoutMs: 5_000,
    nowMs: () => nowMs,
    recordTo: join(directory, 'metrics.om'),
  });
  const scrape = async (times: number) => {
    for (let i = 0; i < times; i++) {
      nowMs += 1_000;
      await monitor.scrapeNow();
    }
  };
  await scrape(20);
  const before = process.cpuUsage();
  await scrape(60);
  const { user, system } = process.cpuUsage(before);
  servingUs += user + system;
  await monitor.stop();
  server.close();
  rmSync(directory, { recursive: true });
  return {
    name: 'scrape and ingest of 5,040 series at 1 Hz, with the serving side in the same process',
    value: (servingUs / 60 / 1e6) * 100,
    unit: '% of a core',
    bar: 3,
  };
}

/** In a process of its own, all of whose memory counts: here, what others left behind would hide it. */
function memoryFigure(): Figure {
  const name = 'resident memory with 10,000 series at 1 Hz for an hour';
  const child = spawnSync(process.execPath, [import.meta.filename, MEMORY_ONLY], { encoding: 'utf8' });
  const megabytes = Number(child.stdout);
  return {
    name,
    value: child.status === 0 ? megabytes : null,
    unit: 'MB',
    bar: 700,
    note: '36 million samples, all of Node included',
  };
}

const MEMORY_ONLY = '--memory-only';

/** Megabytes that this process takes once the store is full. */
function residentWithFullStore(): number {
  const store = new SeriesStore();
  const all = Array.from({ length: 10_000 }, (_, i) =>
    store.series({ __name__: 'x_total', instance: `10.0.0.${i % 100}:9090`, path: `/v1/${i}`, job: 'api' }),
  );
  for (let second = 0; second < 3_600; second++) {
    for (const series of all) store.append(series, FROM_MS + second * 1_000, second);
  }
  if (store.sampleCount !== 36_000_000) throw new Error(`expected 36,000,000 samples, got ${store.sampleCount}`);
  return process.memoryUsage.rss() / 1e6;
}

/** Ten times the text, ten times the time: linear. */
function parserFigures(): Figure[] {
  const expression = (terms: number) =>
    Array.from({ length: terms }, (_, i) => `sum by (job) (rate(x{a="${i}"}[5m]))`).join(' + ');
  const perKb = [90, 900].map((terms) => {
    const text = expression(terms);
    const times = Array.from({ length: 30 }, () => {
      const began = performance.now();
      promql(text);
      return performance.now() - began;
    });
    return (quantile(times.slice(5), 0.5) / text.length) * 1_000;
  });
  const [short = 0, long = 0] = perKb;
  return [
    { name: 'parsing a kilobyte of PromQL', value: long * 1_000, unit: 'us' },
    {
      name: 'parsing ten times the text, times what a character takes in the shorter',
      value: long / short,
      unit: 'x',
      bar: 2,
    },
  ];
}

async function fastest(times: number, work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await work();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

if (import.meta.main) {
  const answer = process.argv.includes(MEMORY_ONLY)
    ? residentWithFullStore()
    : JSON.stringify(await benchMonitor({ prometheus: process.env.PROMETHEUS }), null, 2);
  process.stdout.write(`${answer}\n`);
}
