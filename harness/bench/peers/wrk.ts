import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome, Peer } from './peer.ts';

export function wrk(binary: string, version: string): Peer {
  return {
    name: 'wrk',
    version,
    closedLoop({ url, seconds, connections, scratch }) {
      // Its own output rounds, and has no p99.9; its script has both, in microseconds.
      const script = join(scratch, 'wrk.lua');
      writeFileSync(script, SCRIPT);
      const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s'];
      return { command: [binary, ...options, '-s', script, url], read: ({ stdout }) => readWrk(stdout) };
    },
  };
}

const SCRIPT = `done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("figures %d %d %d %d %d %d\\n", summary.requests, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max))
end
`;

export function readWrk(stdout: string): Outcome {
  const match = /^figures (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(stdout);
  if (!match) throw new Error(`expected a line of figures from wrk, got '${stdout.slice(-200)}'`);
  const [requests = 0, errors = 0, p50 = 0, p99 = 0, p999 = 0, max = 0] = match.slice(1).map(Number);
  const latency = { p50Ms: p50 / 1_000, p99Ms: p99 / 1_000, p999Ms: p999 / 1_000, maxMs: max / 1_000 };
  return { requests, errors, latency };
}
