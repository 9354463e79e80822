import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ask, type Job, numberAt, type Outcome, type Peer } from './peer.ts';

/** It knows arrivals only: a closed loop is users that arrive in the first second and ask again and again. */
export function artillery(program: string, version: string): Peer {
  const job = (ask: Ask, phase: object, flow: object[]): Job => {
    const script = join(ask.scratch, 'artillery.json');
    const output = join(ask.scratch, 'artillery-report.json');
    writeFileSync(
      script,
      JSON.stringify({
        // As many connections as it needs, kept open: its default is one for each user.
        config: { target: ask.url.replace(/\/$/, ''), phases: [phase], http: { timeout: 30, pool: 64 } },
        scenarios: [{ flow }],
      }),
    );
    return {
      command: [process.execPath, program, 'run', '--quiet', '--output', output, script],
      env: { ARTILLERY_DISABLE_TELEMETRY: 'true' },
      read: () => readArtillery(readFileSync(output, 'utf8')),
    };
  };
  const get = { get: { url: '/' } };
  return {
    name: 'artillery',
    version,
    closedLoop: (ask) =>
      job(ask, { duration: 1, arrivalCount: ask.connections }, [
        // Its scenarios have no duration; its own pace, measured here before, is about 3,000 requests a second.
        { loop: [get], count: Math.ceil((ask.seconds * 3_000) / ask.connections) },
      ]),
    arrivals: (ask) => job(ask, { duration: ask.seconds, arrivalRate: ask.ratePerSec }, [get]),
    users: (ask) =>
      job(ask, { duration: 1, arrivalCount: ask.users }, [
        { loop: [{ think: ask.thinkSec }, get], count: Math.max(1, Math.floor(ask.seconds / ask.thinkSec)) },
      ]),
  };
}

export function readArtillery(report: string): Outcome {
  const told: unknown = JSON.parse(report);
  const latency = 'aggregate/summaries/http.response_time';
  const requests = numberAt(told, 'aggregate/counters/http.responses');
  return {
    requests,
    errors: requests - numberAt(told, 'aggregate/counters/http.codes.200'),
    latency: {
      p50Ms: numberAt(told, `${latency}/p50`),
      p99Ms: numberAt(told, `${latency}/p99`),
      p999Ms: numberAt(told, `${latency}/p999`),
      maxMs: numberAt(told, `${latency}/max`),
    },
    tookSec: (numberAt(told, 'aggregate/lastCounterAt') - numberAt(told, 'aggregate/firstCounterAt')) / 1_000,
  };
}
