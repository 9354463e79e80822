import { describe, expect, it } from 'vitest';
import type { LoadPlan, Plan } from '../scenario/plan.ts';
import type { Calibration } from './calibration.ts';
import { capacityFor, describeCapacity } from './capacity.ts';

const CALIBRATION: Calibration = {
  version: 1,
  measuredAt: '2026-11-25T03:00:00.000Z',
  node: 'v26',
  cores: 2,
  memoryGib: 8,
  engine: { requestsPerCoreSec: 100_000, requestsPerSec: 90_000 },
  autocannon: { requestsPerCoreSec: 60_000, requestsPerSec: 60_000 },
  usersPerGib: 1_000_000,
};

const flat = (value: number) => [
  { tMs: 0, value },
  { tMs: 10_000, value },
];
const users = (value: number): LoadPlan => ({ model: 'users', name: 'users', curve: flat(value), graceMs: 0 });
const arrivals = (name: string, curve: LoadPlan['curve']): LoadPlan => ({
  model: 'arrivals',
  name,
  curve,
  process: 'even',
  maxInFlight: 1,
});

function plan(loads: LoadPlan[], agents = 1): Plan {
  return {
    version: 1,
    name: 'plan',
    file: 'plan.ts',
    target: { kind: 'reference' },
    seed: 1,
    nonce: 'test',
    agents,
    durationMs: 10_000,
    warmUpMs: 0,
    recoveryMs: 0,
    loads,
    http: { driver: 'wire', connections: 'shared', localAddresses: [], http2: false, insecure: false },
    faults: [],
    objectives: [],
    invariants: [],
    stopWhen: [],
    validity: { latenessP99Ms: 1, rateKept: 1, cpu: 1, loopLagP99Ms: 1, lostLoad: 1, scrapeGaps: 1 },
  };
}

describe('what a plan needs of this machine', () => {
  it('is an agent for every million users, and their memory', () => {
    const capacity = capacityFor(plan([users(3_000_000)], 3), CALIBRATION, 8);
    expect(capacity).toEqual({ peakUsers: 3_000_000, agentsNeeded: 3, userMemoryGib: 3, lacks: [] });
  });

  it('is a quarter of that where users think before each iteration', () => {
    const thinking = { ...users(3_000_000), think: { meanMs: 1_000 } };
    expect(capacityFor(plan([thinking], 1), CALIBRATION, 8)).toMatchObject({ agentsNeeded: 1, userMemoryGib: 0.75 });
    expect(capacityFor(plan([thinking, users(1_000_000)], 1), CALIBRATION, 8)).toMatchObject({
      peakUsers: 4_000_000,
      agentsNeeded: 2,
      userMemoryGib: 1.75,
      lacks: ['2 agents; the plan has 1'],
    });
  });

  it('is an agent for every 60 % of what a core sends, at the peak of all arrivals together', () => {
    const up = [
      { tMs: 0, value: 0 },
      { tMs: 10_000, value: 50_000 },
    ];
    const capacity = capacityFor(plan([arrivals('a', up), arrivals('b', flat(20_000))], 2), CALIBRATION, 8);
    expect(capacity).toMatchObject({ peakArrivalsPerSec: 70_000, agentsNeeded: 2, lacks: [] });
  });

  it('may be more than there is: cores, memory, agents', () => {
    const { lacks } = capacityFor(plan([users(3_000_000), arrivals('a', flat(300_000))]), CALIBRATION, 2);
    expect(lacks).toEqual([
      '5 cores for 300,000 iterations a second; there are 2',
      '3.00 GiB for 3,000,000 users; 2.00 GiB are free',
      '5 agents; the plan has 1',
    ]);
  });

  it('is said in plain words', () => {
    const fits = capacityFor(plan([users(500_000), arrivals('a', flat(100))]), CALIBRATION, 8);
    expect(describeCapacity(fits, CALIBRATION)).toEqual([
      'this machine can carry it: 1 agent for 100 iterations/s of arrivals and 500,000 users in 0.50 GiB',
      'how often users ask is in their flow, not in the plan: watch the CPU of agents',
      'calibrated 2026-11-25: 100,000 requests/s a core, 1,000,000 users a GiB',
    ]);
    const large = capacityFor(plan([users(9_000_000)], 9), CALIBRATION, 8);
    expect(describeCapacity(large, CALIBRATION)[0]).toBe(
      'this machine lacks 9.00 GiB for 9,000,000 users; 8.00 GiB are free',
    );
  });
});
