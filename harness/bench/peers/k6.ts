import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ask, type Job, numberAt, type Outcome, type Peer } from './peer.ts';

export function k6(binary: string, version: string): Peer {
  const job = (ask: Ask, scenario: object, thinkSec = 0): Job => {
    const script = join(ask.scratch, 'k6.js');
    writeFileSync(script, scriptOf(ask.url, scenario, thinkSec));
    const command = [binary, 'run', '--quiet', '--no-usage-report', script];
    return { command, read: ({ stdout }) => readK6(stdout) };
  };
  return {
    name: 'k6',
    version,
    closedLoop: (ask) =>
      job(ask, { executor: 'constant-vus', vus: ask.connections, duration: `${ask.seconds}s`, gracefulStop: '1s' }),
    arrivals: (ask) =>
      job(ask, {
        executor: 'constant-arrival-rate',
        rate: ask.ratePerSec,
        timeUnit: '1s',
        duration: `${ask.seconds}s`,
        // Enough for a stall of 400 ms; the most it may make itself is as generous.
        preAllocatedVUs: Math.ceil(ask.ratePerSec * 0.4),
        maxVUs: ask.ratePerSec,
      }),
    users: (ask) =>
      job(
        ask,
        { executor: 'constant-vus', vus: ask.users, duration: `${ask.seconds}s`, gracefulStop: '0s' },
        ask.thinkSec,
      ),
  };
}

function scriptOf(url: string, scenario: object, thinkSec: number): string {
  return `import http from 'k6/http';
import { sleep } from 'k6';
export const options = {
  scenarios: { bench: ${JSON.stringify(scenario)} },
  summaryTrendStats: ['p(50)', 'p(99)', 'p(99.9)', 'max'],
};
export default function () {
  ${thinkSec > 0 ? `sleep(-Math.log(1 - Math.random()) * ${thinkSec});` : ''}
  http.get('${url}');
}
export function handleSummary(data) {
  return { stdout: JSON.stringify(data.metrics) };
}
`;
}

export function readK6(stdout: string): Outcome {
  const metrics: unknown = JSON.parse(stdout.slice(stdout.indexOf('{')));
  const duration = 'http_req_duration/values';
  const requests = numberAt(metrics, 'http_reqs/values/count');
  return {
    requests,
    errors: Math.round(numberAt(metrics, 'http_req_failed/values/rate') * requests),
    latency: {
      p50Ms: numberAt(metrics, `${duration}/p(50)`),
      p99Ms: numberAt(metrics, `${duration}/p(99)`),
      p999Ms: numberAt(metrics, `${duration}/p(99.9)`),
      maxMs: numberAt(metrics, `${duration}/max`),
    },
  };
}
