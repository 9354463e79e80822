import { type Ask, type Job, numberAt, type Outcome, type Peer } from './peer.ts';

export function oha(binary: string, version: string): Peer {
  const job = (ask: Ask, options: string[]): Job => ({
    command: [binary, '--no-tui', '--output-format', 'json', '-z', `${ask.seconds}s`, ...options, ask.url],
    read: ({ stdout }) => readOha(stdout),
  });
  return {
    name: 'oha',
    version,
    closedLoop: (ask) => job(ask, ['-c', String(ask.connections)]),
    // With the option that makes it count from when a request was due.
    arrivals: (ask) => job(ask, ['-c', '1000', '-q', String(ask.ratePerSec), '--latency-correction']),
  };
}

/** Its JSON is in seconds. */
export function readOha(stdout: string): Outcome {
  const told: unknown = JSON.parse(stdout);
  const codes: Record<string, number> =
    (told as { statusCodeDistribution?: Record<string, number> }).statusCodeDistribution ?? {};
  const errors: Record<string, number> =
    (told as { errorDistribution?: Record<string, number> }).errorDistribution ?? {};
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);
  const failed = Object.entries(errors)
    // What it gave up itself at its end is no failure.
    .filter(([what]) => !/deadline/.test(what))
    .reduce((total, [, count]) => total + count, 0);
  return {
    requests: sum(codes),
    errors: failed + sum(codes) - (codes['200'] ?? 0),
    latency: {
      p50Ms: numberAt(told, 'latencyPercentiles/p50') * 1_000,
      p99Ms: numberAt(told, 'latencyPercentiles/p99') * 1_000,
      p999Ms: numberAt(told, 'latencyPercentiles/p99.9') * 1_000,
      maxMs: numberAt(told, 'summary/slowest') * 1_000,
    },
  };
}
