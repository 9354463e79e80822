import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type EmbeddedMonitor, type EmbeddedMonitorOptions, type ScrapeGap, startEmbeddedMonitor } from './embedded.ts';
import type { QueryResult } from './monitor.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(listener: RequestListener, port = 0): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  cleanups.push(async () => closeServer(server));
  const { port: actual } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${actual}/metrics`, port: actual, server };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** A monitor whose own timer stays out of the way unless the test sets an interval. */
function start(
  urls: string[],
  options: Partial<EmbeddedMonitorOptions> = {},
): EmbeddedMonitor & { gapList: ScrapeGap[] } {
  const gapList: ScrapeGap[] = [];
  const monitor = startEmbeddedMonitor({
    targets: urls.map((url) => ({ job: 'app', url, labels: { region: 'eu' } })),
    intervalMs: 60_000,
    timeoutMs: 2_000,
    nowMs: Date.now,
    onGap: (gap) => gapList.push(gap),
    ...options,
  });
  cleanups.push(() => monitor.stop());
  return { ...monitor, gapList };
}

async function eventually(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const untilMs = Date.now() + 10_000;
  while (!(await check())) {
    if (Date.now() > untilMs) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Two scrapes need two times. */
async function scrape(monitor: EmbeddedMonitor): Promise<void> {
  const beforeMs = Date.now();
  await eventually('the clock moved', () => Date.now() > beforeMs);
  await monitor.scrapeNow();
}

function values(result: QueryResult): number[] {
  return result.type === 'scalar' ? [result.value] : result.series.map(({ value }) => value);
}

const ask = async (monitor: EmbeddedMonitor, expression: string) => values(await monitor.query(expression, Date.now()));

test('a scrape stores the samples under the labels of the target, and how it went', async () => {
  const { url, port } = await serve((_request, response) => response.end('orders_total{kind="new",job="mine"} 7\n'));
  const monitor = start([url]);
  await scrape(monitor);

  expect(await monitor.query('orders_total', Date.now())).toEqual({
    type: 'vector',
    series: [
      {
        labels: {
          __name__: 'orders_total',
          instance: `127.0.0.1:${port}`,
          job: 'app',
          region: 'eu',
          kind: 'new',
          exported_job: 'mine',
        },
        value: 7,
      },
    ],
  });
  expect(await ask(monitor, 'up{region="eu"}')).toEqual([1]);
  expect(await ask(monitor, 'scrape_samples_scraped')).toEqual([1]);
  expect((await ask(monitor, 'scrape_duration_seconds'))[0]).toBeGreaterThan(0);
  expect(monitor.gaps()).toBe(0);
});

test('scrapes come by themselves at the interval, over one kept connection', async () => {
  let scrapes = 0;
  let connections = 0;
  const { url, server } = await serve((_request, response) => response.end(`scrapes_total ${++scrapes}\n`));
  server.on('connection', () => connections++);
  const monitor = start([url], { intervalMs: 400, timeoutMs: 400 });
  await eventually(
    'three scrapes',
    async () => ((await ask(monitor, 'count_over_time(scrapes_total[1m])'))[0] ?? 0) >= 3,
  );
  expect(connections).toBe(1);
  expect(monitor.gapList).toEqual([]);
});

test('several targets are spread over the interval, and one that is added later joins in', async () => {
  const { url } = await serve((_request, response) => response.end('x 1\n'));
  const monitor = start([`${url}?1`, `${url}?2`], { intervalMs: 200, timeoutMs: 200 });
  const added = { job: 'late', url: `${url}?3`, labels: {} };
  monitor.addTargets([added]);
  monitor.addTargets([added]);
  await eventually(
    'every target was scraped',
    async () => (await ask(monitor, 'count(up == 1 and x) by (job)')).length === 2,
  );
});

test('a target that fails is down, its series end at once, and it counts as a gap', async () => {
  let status = 200;
  const { url } = await serve((_request, response) => response.writeHead(status).end('x 1\n'));
  const monitor = start([url]);
  await scrape(monitor);
  expect(await ask(monitor, 'x')).toEqual([1]);

  status = 500;
  await scrape(monitor);
  expect(await ask(monitor, 'up')).toEqual([0]);
  expect(await ask(monitor, 'x')).toEqual([]);
  expect(monitor.gapList).toMatchObject([{ job: 'app', url, reason: 'answered 500, expected 200' }]);

  status = 200;
  await scrape(monitor);
  expect(await ask(monitor, 'up')).toEqual([1]);
  expect(await ask(monitor, 'x')).toEqual([1]);
  expect(monitor.gaps()).toBe(1);
});

test('a target that is gone and comes back is seen to do so', async () => {
  const first = await serve((_request, response) => response.end('x 1\n'));
  const monitor = start([first.url]);
  await scrape(monitor);
  await closeServer(first.server);
  await scrape(monitor);
  expect(await ask(monitor, 'up')).toEqual([0]);
  expect(monitor.gapList[0]?.reason).toContain('ECONNREFUSED');

  await serve((_request, response) => response.end('x 2\n'), first.port);
  await scrape(monitor);
  expect(await ask(monitor, 'x')).toEqual([2]);
});

test('a target that is too slow costs its own scrape only', async () => {
  const slow = await serve((_request, response) => response.write('x 1\n'));
  const quick = await serve((_request, response) => response.end('x 2\n'));
  const monitor = start([slow.url, quick.url], { timeoutMs: 1_000 });
  await scrape(monitor);
  expect(await ask(monitor, 'x')).toEqual([2]);
  expect(monitor.gapList).toMatchObject([{ url: slow.url, reason: 'no complete answer within 1000 ms' }]);
});

test('malformed text is reported with its place, and none of it is stored', async () => {
  let body = 'x 1\n';
  const { url } = await serve((_request, response) => response.end(body));
  const monitor = start([url]);
  await scrape(monitor);
  body = 'x 2\ny{a="1} 2\n';
  await scrape(monitor);
  expect(monitor.gapList).toMatchObject([{ reason: '2:2: unterminated label value' }]);
  expect(await ask(monitor, 'count_over_time(x[1m])')).toEqual([1]);
  body = 'x 3\n';
  await scrape(monitor);
  expect(await ask(monitor, 'x')).toEqual([3]);
});

test('OpenMetrics that was cut off is not taken for a target with fewer series', async () => {
  const { url } = await serve((_request, response) => {
    response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    response.end('x 1\n');
  });
  const monitor = start([url]);
  await scrape(monitor);
  expect(monitor.gapList[0]?.reason).toContain('ends without # EOF');
});

test('a series that a target no longer shows ends; one with a time of its own does not', async () => {
  let body = `a 1\nb 1\nc 1 ${Date.now() - 1_000}\n`;
  const { url } = await serve((_request, response) => response.end(body));
  const monitor = start([url]);
  await scrape(monitor);
  body = 'a 2\n';
  await scrape(monitor);
  expect(await ask(monitor, '{__name__=~"a|b|c"}')).toEqual([2, 1]);
  expect(await ask(monitor, 'b')).toEqual([]);
});

describe('waiting for targets', () => {
  test('ends as soon as all have answered, and failures meanwhile are no gaps', async () => {
    let tries = 0;
    const { url } = await serve((_request, response) => response.writeHead(++tries < 3 ? 503 : 200).end('x 1\n'));
    const monitor = start([url]);
    expect(await monitor.waitUntilUp(10_000)).toMatchObject({ up: [{ url }], down: [] });
    expect(tries).toBe(3);
    expect(monitor.gaps()).toBe(0);
  });

  test('says at the deadline which are down, and why', async () => {
    const ok = await serve((_request, response) => response.end('x 1\n'));
    const broken = await serve((_request, response) => response.writeHead(404).end());
    const hanging = await serve(() => {});
    const monitor = start([ok.url, broken.url, hanging.url]);
    const { up, down } = await monitor.waitUntilUp(1_500);
    expect(up).toMatchObject([{ url: ok.url }]);
    expect(down).toMatchObject([
      { target: { url: broken.url }, reason: 'answered 404, expected 200' },
      { target: { url: hanging.url }, reason: 'no answer within 1500 ms' },
    ]);
  });

  test('can be given up', async () => {
    const { url } = await serve(() => {});
    const giveUp = new AbortController();
    const waiting = start([url]).waitUntilUp(60_000, giveUp.signal);
    giveUp.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow();
  });
});

test('a scrape that is due while another is running is a gap, not a second scrape at the same time', async () => {
  let inFlight = 0;
  let most = 0;
  const { url } = await serve((_request, response) => {
    most = Math.max(most, ++inFlight);
    response.on('close', () => inFlight--);
  });
  const monitor = start([url], { intervalMs: 100, timeoutMs: 100 });
  // Each of these takes until its timeout, one after the other.
  const pending = Promise.all(Array.from({ length: 5 }, () => monitor.scrapeNow()));
  await eventually('a gap', () =>
    monitor.gapList.some(({ reason }) => reason === 'the scrape before was still running'),
  );
  await pending;
  await monitor.stop();
  expect(most).toBe(1);
});

test('time the monitor slept through is counted as gaps', async () => {
  const { url } = await serve((_request, response) => response.end('x 1\n'));
  let asleepMs = 0;
  const monitor = start([url], { intervalMs: 100, timeoutMs: 100, nowMs: () => Date.now() + asleepMs });
  await eventually('a first scrape', async () => (await ask(monitor, 'up')).length > 0);
  asleepMs = 500;
  await eventually('the gaps', () => monitor.gaps() >= 4);
  expect(monitor.gapList.map(({ reason }) => reason)).toContain('the monitor was not running');
});

test('a full store is a gap that says so, not a crash', async () => {
  const { url } = await serve((_request, response) => response.end('a 1\nb 2\n'));
  const monitor = start([url], { maxSamples: 7 });
  await scrape(monitor);
  await scrape(monitor);
  expect(monitor.gapList[0]?.reason).toContain('may hold 7; 7 more do not fit');
  expect(await ask(monitor, 'count_over_time(a[1m])')).toEqual([1]);
});

test('stopping ends scrapes in flight without a gap, and leaves the data to be asked', async () => {
  let hang = false;
  const { url } = await serve((_request, response) => {
    if (!hang) response.end('x 1\n');
  });
  const monitor = start([url], { intervalMs: 30_000, timeoutMs: 20_000 });
  await scrape(monitor);
  hang = true;
  const pending = monitor.scrapeNow();
  await monitor.stop();
  await pending;
  expect(monitor.gaps()).toBe(0);
  expect(await ask(monitor, 'x')).toEqual([1]);
});

test('a timeout beyond the interval is refused', () => {
  expect(() => start([], { intervalMs: 1_000, timeoutMs: 1_001 })).toThrow(
    'expected 0 < timeoutMs <= intervalMs, got 1001 and 1000',
  );
});
