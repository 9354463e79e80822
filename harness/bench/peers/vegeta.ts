import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ask, type Job, numberAt, type Outcome, type Peer } from './peer.ts';

export function vegeta(binary: string, version: string): Peer {
  const job = (ask: Ask, options: string[]): Job => {
    const targets = join(ask.scratch, 'vegeta.txt');
    const results = join(ask.scratch, 'vegeta.bin');
    writeFileSync(targets, `GET ${ask.url}\n`);
    return {
      command: [binary, 'attack', `-duration=${ask.seconds}s`, ...options, `-targets=${targets}`, `-output=${results}`],
      async read(_, run) {
        const report = (type: string) => run([binary, 'report', `-type=${type}`, results], { timeoutMs: 60_000 });
        return readVegeta((await report('json')).stdout, (await report('hdrplot')).stdout);
      },
    };
  };
  return {
    name: 'vegeta',
    version,
    closedLoop: (ask) =>
      job(ask, [
        '-rate=0',
        `-max-workers=${ask.connections}`,
        `-workers=${ask.connections}`,
        `-connections=${ask.connections}`,
      ]),
    arrivals: (ask) => job(ask, [`-rate=${ask.ratePerSec}/s`]),
  };
}

/** Its JSON is in nanoseconds and has no p99.9; its plot for HdrHistogram has, in milliseconds. */
export function readVegeta(json: string, hdrplot: string): Outcome {
  const told: unknown = JSON.parse(json);
  const requests = numberAt(told, 'requests');
  const p999Ms = hdrplot
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .find(([, quantile = 0]) => quantile >= 0.999)?.[0];
  return {
    requests,
    errors: Math.round((1 - numberAt(told, 'success')) * requests),
    latency: {
      p50Ms: numberAt(told, 'latencies/50th') / 1e6,
      p99Ms: numberAt(told, 'latencies/99th') / 1e6,
      ...(p999Ms === undefined ? {} : { p999Ms }),
      maxMs: numberAt(told, 'latencies/max') / 1e6,
    },
  };
}
