import { createRequire } from 'node:module';
import type { Outcome, Peer } from './peer.ts';

export function autocannon(): Peer {
  return {
    name: 'autocannon',
    version: autocannonVersion(),
    closedLoop: ({ url, seconds, connections }) => ({
      command: autocannonCommand(url, connections, seconds),
      read: ({ stdout }) => readAutocannon(stdout),
    }),
  };
}

/**
 * autocannon, closed loop only: with its `rate` set it passes seconds where its histogram wants milliseconds, and its
 * rate is a burst each second.
 */
export function autocannonCommand(url: string, connections: number, seconds: number): string[] {
  const program = createRequire(import.meta.url).resolve('autocannon');
  return [process.execPath, program, '--json', '-c', String(connections), '-d', String(seconds), url];
}

function autocannonVersion(): string {
  const { version } = createRequire(import.meta.url)('autocannon/package.json') as { version: string };
  return version;
}

/** From its `--json`, whose latencies are whole milliseconds. */
export function readAutocannon(stdout: string): Outcome {
  const parsed = JSON.parse(stdout) as Partial<{
    requests: { total: number };
    errors: number;
    non2xx: number;
    latency: { p50: number; p99: number; p99_9: number; max: number };
  }>;
  const { requests, latency, errors = 0, non2xx = 0 } = parsed;
  if (requests === undefined || latency === undefined)
    throw new Error(`expected autocannon's result with requests and latency, got '${stdout.slice(0, 200)}'`);
  return {
    requests: requests.total,
    errors: errors + non2xx,
    latency: { p50Ms: latency.p50, p99Ms: latency.p99, p999Ms: latency.p99_9, maxMs: latency.max },
  };
}
