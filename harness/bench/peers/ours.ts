import { type EngineReport, type EngineSpec, engineCommand, readEngineReport } from '../our-engine-spec.ts';
import type { Job, Outcome, Peer } from './peer.ts';

/** Our own engine, in one process with an agent's flags. */
export function ours(driver: 'wire' | 'undici', version: string): Peer {
  const job = (spec: Omit<EngineSpec, 'driver'>): Job => ({
    command: engineCommand({ ...spec, driver }),
    read: ({ stdout }) => outcomeOf(readEngineReport(stdout)),
  });
  return {
    name: `ours-${driver}`,
    version,
    closedLoop: ({ url, seconds, connections }) =>
      job({
        url,
        connections,
        load: { model: 'users', users: connections, thinkMeanMs: 0 },
        rampMs: 0,
        durationMs: seconds * 1_000,
      }),
    arrivals: ({ url, seconds, ratePerSec }) =>
      job({
        url,
        connections: 2_000,
        load: { model: 'arrivals', ratePerSec },
        rampMs: 0,
        durationMs: seconds * 1_000,
      }),
    users: ({ url, seconds, users, thinkSec }) =>
      job({
        url,
        connections: 256,
        load: { model: 'users', users, thinkMeanMs: thinkSec * 1_000 },
        rampMs: (seconds * 1_000) / 3,
        durationMs: seconds * 1_000,
      }),
  };
}

/** Response times, from when each request was due. */
function outcomeOf({ requests, ok, response }: EngineReport): Outcome {
  const { p50Ms, p99Ms, p999Ms, maxMs } = response ?? {};
  const latency = { p50Ms, p99Ms, p999Ms, maxMs };
  const known = Object.fromEntries(Object.entries(latency).filter(([, value]) => value !== undefined));
  return { requests, errors: requests - ok, latency: known };
}
