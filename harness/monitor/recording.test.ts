import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEmbeddedMonitor } from './embedded.ts';
import { followRecording, openRecording } from './read-recording.ts';
import { seriesText, startRecording } from './recording.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'recording-'));
  path = join(directory, 'metrics.om');
});
afterEach(() => rm(directory, { recursive: true }));

const HEADER =
  '# HELP stampede_recording version 1, samples in order of scrape; NaN is the end of a series, nan a sample\n';

test('the file is OpenMetrics text, a sample a line', async () => {
  const writer = startRecording(path);
  const x = seriesText({ job: 'a"\\\n', __name__: 'x', none: '' });
  writer.add(x, 1_700_000_000_000, 1.5);
  writer.add('y', 1_700_000_000_001, Number.NaN);
  writer.add(x, 1_700_000_001_000, undefined);
  writer.add('y', 1_700_000_001_001, Number.NEGATIVE_INFINITY);
  await writer.close();
  expect(await readFile(path, 'utf8')).toBe(
    [
      `${HEADER}x{job="a\\"\\\\\\n"} 1.5 1700000000.000`,
      'y nan 1700000000.001',
      'x{job="a\\"\\\\\\n"} NaN 1700000001.000',
      'y -Inf 1700000001.001',
      '# EOF\n',
    ].join('\n'),
  );
});

test('what was recorded answers like what recorded it, ended series and odd labels included', async () => {
  let scrapes = 0;
  const server = createServer((_request, response) => {
    scrapes++;
    const old = scrapes < 4 ? 'old{path="C:\\\\x\\n\\"é\\""} 1\n' : '';
    response.end(`n_total ${scrapes ** 2 / 3}\nodd NaN\nbig +Inf\n${old}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  let clockMs = 1_700_000_000_000;
  const monitor = startEmbeddedMonitor({
    targets: [{ job: 'app', url, labels: { region: 'eu' } }],
    intervalMs: 3_600_000,
    timeoutMs: 10_000,
    nowMs: () => clockMs,
    recordTo: path,
  });
  await monitor.scrapeNow();
  for (let i = 0; i < 6; i++) {
    clockMs += 1_000;
    await monitor.scrapeNow();
  }
  await monitor.stop();
  server.close();

  const recording = await openRecording(path);
  expect(recording).toMatchObject({ fromMs: 1_700_000_000_000, toMs: 1_700_000_006_000, complete: true });
  for (const expression of ['{job="app"}', 'rate(n_total[5s])', 'count_over_time(old[1m])', 'up', 'count(odd)']) {
    const range = [expression, 1_700_000_000_000, 1_700_000_007_000, 500] as const;
    expect(await recording.queryRange(...range)).toEqual(await monitor.queryRange(...range));
  }
  // The old series is gone from the fourth scrape on, well within the lookback.
  expect(await recording.query('old', 1_700_000_002_999)).toMatchObject({ series: [{ value: 1 }] });
  expect(await recording.query('old', 1_700_000_004_000)).toMatchObject({ series: [] });
});

test('a recording can be read while it grows, and after a crash tore its last line', async () => {
  await writeFile(path, `${HEADER}x 1 1.000\nx 2 2.000\nx 34`);
  const torn = await openRecording(path);
  expect(torn).toMatchObject({ complete: false, toMs: 2_000 });
  expect(await torn.query('x', 3_000)).toMatchObject({ series: [{ value: 2 }] });

  await appendFile(path, '5 3.000\n# EOF\n');
  const whole = await openRecording(path);
  expect(whole).toMatchObject({ complete: true, toMs: 3_000 });
  expect(await whole.query('x', 3_000)).toMatchObject({ series: [{ value: 345 }] });
});

test('a recording larger than what is read at once is whole', async () => {
  const writer = startRecording(path);
  const series = seriesText({ __name__: 'x', label: 'é'.repeat(200) });
  for (let i = 1; i <= 8_000; i++) writer.add(series, i * 1_000, i);
  await writer.close();
  const recording = await openRecording(path, { lookbackMs: 1_000 });
  expect(await recording.query('sum_over_time(x[3h])', 8_000_000)).toMatchObject({ series: [{ value: 32_004_000 }] });
});

test('an empty recording has no times', async () => {
  await startRecording(path).close();
  expect(await openRecording(path)).toMatchObject({ fromMs: Number.NaN, toMs: Number.NaN, complete: true });
});

test('what is not a recording is refused, with the place', async () => {
  await expect(openRecording(join(directory, 'none.om'))).rejects.toThrow('Cannot read');
  await writeFile(path, 'x 1 1\n');
  await expect(openRecording(path)).rejects.toThrow(`${path} is not a recording of Stampede.`);
  await writeFile(path, HEADER.replace('version 1', 'version 2'));
  await expect(openRecording(path)).rejects.toThrow(`${path} has version 2, expected version 1.`);
  await writeFile(path, `${HEADER}x 1 1\nx oops 2\nx 3 3\n`);
  await expect(openRecording(path)).rejects.toThrow(`${path}:3:3: expected a value, got "oops"`);
});

test('a recording is never written over', async () => {
  await writeFile(path, 'precious');
  expect(() => startRecording(path)).toThrow(`Cannot record metrics to ${path}: EEXIST`);
  expect(await readFile(path, 'utf8')).toBe('precious');
});

test('a recording that is being written is followed, line by line', async () => {
  const writer = startRecording(path);
  writer.add('x', 1_000, 1);
  writer.flush();
  await eventually(async () => (await readFile(path, 'utf8')).includes('x 1 1.000'));
  const recording = await followRecording(path);
  expect(recording).toMatchObject({ toMs: 1_000, complete: false });
  await appendFile(path, 'x 2 2.0');
  await recording.catchUp();
  expect(recording.toMs).toBe(1_000);
  await appendFile(path, '00\n# EOF\n');
  await recording.catchUp();
  expect(recording).toMatchObject({ toMs: 2_000, complete: true });
  recording.close();
  await writer.close();
});

test('what the targets say about their metrics is recorded too', async () => {
  const writer = startRecording(path);
  writer.describe('x_total', 'type', 'counter');
  writer.describe('x_total', 'help', 'Two\nlines.');
  writer.add('x_total', 1_000, 1);
  await writer.close();
  const { store } = await openRecording(path);
  expect([...store.metadata]).toEqual([['x_total', { type: 'counter', help: 'Two\nlines.', unit: '' }]]);
});

async function eventually(check: () => Promise<boolean>): Promise<void> {
  const untilMs = Date.now() + 5_000;
  while (!(await check())) {
    if (Date.now() > untilMs) throw new Error('not within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
