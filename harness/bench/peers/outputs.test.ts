import { describe, expect, it } from 'vitest';
import { readArtillery } from './artillery.ts';
import { readAutocannon } from './autocannon.ts';
import { readK6 } from './k6.ts';
import { readOha } from './oha.ts';
import { shown } from './peer.ts';
import { readVegeta } from './vegeta.ts';
import { readWrk } from './wrk.ts';

/** What the tools print, cut down to what is read of it. */
describe('the output', () => {
  it('of wrk is in microseconds', () => {
    expect(readWrk('Running 2s test\nfigures 1000 2 500 20000 30500 40250\n')).toEqual({
      requests: 1_000,
      errors: 2,
      latency: { p50Ms: 0.5, p99Ms: 20, p999Ms: 30.5, maxMs: 40.25 },
    });
    expect(() => readWrk('unable to connect')).toThrow("expected a line of figures from wrk, got 'unable to connect'");
  });

  it('of autocannon is in milliseconds', () => {
    const latency = { p50: 1, p99: 5, p99_9: 7, max: 9 };
    const report = { requests: { total: 100 }, errors: 1, non2xx: 2, latency };
    expect(readAutocannon(JSON.stringify(report))).toEqual({
      requests: 100,
      errors: 3,
      latency: { p50Ms: 1, p99Ms: 5, p999Ms: 7, maxMs: 9 },
    });
    expect(() => readAutocannon('{}')).toThrow('expected autocannon');
  });

  it('of k6 may begin with something else than its JSON', () => {
    const metrics = {
      http_reqs: { values: { count: 200 } },
      http_req_failed: { values: { rate: 0.01 } },
      http_req_duration: { values: { 'p(50)': 1, 'p(99)': 2, 'p(99.9)': 3, max: 4 } },
    };
    expect(readK6(`warning\n${JSON.stringify(metrics)}`)).toEqual({
      requests: 200,
      errors: 2,
      latency: { p50Ms: 1, p99Ms: 2, p999Ms: 3, maxMs: 4 },
    });
  });

  it('of Artillery counts answers that are not 200 as errors', () => {
    const counters = { 'http.responses': 10, 'http.codes.200': 9, 'http.codes.503': 1 };
    const summaries = { 'http.response_time': { p50: 1, p99: 2, p999: 3, max: 4 } };
    expect(
      readArtillery(
        JSON.stringify({ aggregate: { counters, summaries, firstCounterAt: 1_000, lastCounterAt: 3_500 } }),
      ),
    ).toMatchObject({
      requests: 10,
      errors: 1,
      tookSec: 2.5,
    });
    expect(() => readArtillery('{"aggregate":{}}')).toThrow('expected a number at aggregate/counters/http.responses');
  });

  it('of vegeta is in nanoseconds, but for the one quantile its JSON does not have', () => {
    const json = { requests: 100, success: 0.98, latencies: { '50th': 1e6, '99th': 2e6, max: 4e6 } };
    const plot = 'Value  Percentile  TotalCount 1/(1-Percentile)\n1.0 0.500000 50 2.0\n3.5 0.999000 100 1000.0\n';
    expect(readVegeta(JSON.stringify(json), plot)).toEqual({
      requests: 100,
      errors: 2,
      latency: { p50Ms: 1, p99Ms: 2, p999Ms: 3.5, maxMs: 4 },
    });
  });

  it('of oha is in seconds, and what it gave up at its end is no error', () => {
    const report = {
      statusCodeDistribution: { 200: 98, 500: 2 },
      errorDistribution: { 'aborted due to deadline': 5, refused: 1 },
      latencyPercentiles: { p50: 0.001, p99: 0.002, 'p99.9': 0.003 },
      summary: { slowest: 0.004 },
    };
    expect(readOha(JSON.stringify(report))).toEqual({
      requests: 100,
      errors: 3,
      latency: { p50Ms: 1, p99Ms: 2, p999Ms: 3, maxMs: 4 },
    });
  });
});

describe('a command that is shown', () => {
  it('has no paths of this machine, and keeps URLs', () => {
    const command = [
      '/somewhere/deep/bin/wrk',
      '-s',
      '/tmp/x-1/wrk.lua',
      'http://127.0.0.1:8080/',
      '-targets=/tmp/x/t.txt',
    ];
    expect(shown(command)).toBe('wrk -s wrk.lua http://127.0.0.1:8080/ -targets=t.txt');
    expect(shown(['/a/node', '{"url":"http://127.0.0.1:1/a/b"}'])).toBe(`node '{"url":"http://127.0.0.1:1/a/b"}'`);
  });
});
