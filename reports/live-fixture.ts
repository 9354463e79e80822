import type { LivePromise, LiveRequest, LiveState } from './terminal/live-state.ts';

/** The moment of the mock-up: 24 s before a fault heals, one promise broken. Invented, for the tests of the views. */
export function liveState(change: Partial<LiveState> = {}): LiveState {
  return {
    scenario: 'slow-shard',
    question: 'Do checkouts in other regions notice when one shard crawls?',
    phase: 'load',
    tMs: 141_000,
    loadFromMs: 0,
    totalMs: 240_000,
    plannedLoad: [
      { tMs: 0, value: 0 },
      { tMs: 60_000, value: 100_000 },
      { tMs: 240_000, value: 100_000 },
    ],
    faults: [
      {
        name: 'latency',
        kind: 'latency',
        target: 'orders->shard-eu-0',
        state: 'proven',
        fromMs: 120_000,
        toMs: 165_000,
      },
      { name: 'kill', kind: 'kill', target: 'gateway-1', state: 'planned', fromMs: 190_000, toMs: 205_000 },
    ],
    users: [{ name: 'shoppers', active: 100_000, planned: 100_000 }],
    arrivals: [{ name: 'signups', perSec: 200, plannedPerSec: 200 }],
    inFlight: 1204,
    iterations: 48_210,
    traffic: {
      offeredPerSec: 19_566,
      donePerSec: 19_562,
      droppedPerSec: 0,
      drops: 0,
      errorRatio: 0.0043,
      p99Ms: 118,
      kinds: [
        { name: '2xx', perSec: 19_478 },
        { name: '4xx', perSec: 61 },
        { name: '5xx', perSec: 23 },
        { name: 'timeout', perSec: 0 },
        { name: 'reset', perSec: 0 },
      ],
    },
    requests: [
      request('checkout', [412, 38, 97, 612, 1210, 0.0092], [388, 0.0031], 400),
      request('browse', [18_950, 12, 19, 41, 88, 0], [40, 0], null),
      request('sign-up', [200, 21, 38, 77, 140, 0], [75, 0], null),
    ],
    promises: [
      {
        ...promise('checkout p99', 'p99 < 400 ms', 400, 'ms'),
        outcome: 'failed',
        cells: [
          { window: 'steady', outcome: 'passed', value: 131, samples: 54_120 },
          { window: 'fault:latency', outcome: 'failed', value: 612, samples: 8_432 },
        ],
        budgetLeft: 0.62,
      },
      {
        ...promise('others unharmed', '< 0.1 %', 0.001, 'ratio'),
        outcome: 'passed',
        cells: [{ window: 'fault:latency', outcome: 'passed', value: 0.0002, samples: 843_112 }],
        budgetLeft: 0.8,
      },
      {
        ...promise('search errors', '< 1 %', 0.01, 'ratio'),
        outcome: 'inconclusive',
        cells: [
          { window: 'steady', outcome: 'passed', value: 0, samples: 20_412 },
          { window: 'fault:latency', outcome: 'inconclusive', value: null, samples: 0 },
        ],
      },
    ],
    generator: {
      unfit: null,
      latenessP99Ms: 1.2,
      latenessLimitMs: 5,
      loopLagP99Ms: 3,
      cpuMax: 0.61,
      agentsReady: 4,
      agentsPlanned: 4,
      scrapeGaps: 0,
    },
    events: [
      { tMs: 127_400, text: 'alert CheckoutSlow is firing (7.4 s after the fault)' },
      { tMs: 123_100, text: 'fault latency proven: orders->shard-eu-0 takes 812 ms, took 2 ms before' },
      { tMs: 120_000, text: 'fault latency injected on orders->shard-eu-0: 800 ms, jitter 200 ms; lease 60 s' },
      { tMs: 60_200, text: 'load reached 100,000 users' },
    ],
    notice: null,
    ...change,
  };
}

/** Before anything is known: the target is being started. */
export function startingState(): LiveState {
  return liveState({
    phase: 'starting',
    tMs: 3_200,
    loadFromMs: null,
    users: [{ name: 'shoppers', active: 0, planned: 0 }],
    arrivals: [],
    inFlight: null,
    iterations: null,
    traffic: {
      offeredPerSec: null,
      donePerSec: null,
      droppedPerSec: null,
      drops: 0,
      errorRatio: null,
      p99Ms: null,
      kinds: [],
    },
    requests: [],
    promises: liveState().promises.map((one) => ({ ...one, outcome: null, cells: [], budgetLeft: null })),
    generator: { ...liveState().generator, latenessP99Ms: null, loopLagP99Ms: null, cpuMax: null, agentsReady: 0 },
    faults: liveState().faults.map((fault) => ({ ...fault, state: 'planned' })),
    events: [{ tMs: 0, text: 'run slow-shard id=20261123-173650 seed=42' }],
  });
}

/** The generator is the bottleneck: nothing it shows may be believed. */
export function unfitState(): LiveState {
  const state = liveState();
  const unfit = '312 of 240,000 starts were dropped from 03:10 on. Use more agents, or stampede calibrate.';
  return {
    ...state,
    generator: { ...state.generator, unfit, latenessP99Ms: 48, cpuMax: 0.99 },
    traffic: { ...state.traffic, drops: 312, droppedPerSec: 4 },
  };
}

type Last = [perSec: number, p50Ms: number, p90Ms: number, p99Ms: number, p999Ms: number, errorRatio: number];

function request(
  name: string,
  last: Last,
  soFar: [p99Ms: number, errorRatio: number],
  limitMs: number | null,
): LiveRequest {
  const [perSec, p50Ms, p90Ms, p99Ms, p999Ms, errorRatio] = last;
  const calm = [131, 140, 128, 133, 150, 129, 131, 138, 130, 127, 133, 135, 290];
  return {
    name,
    last: { perSec, p50Ms, p90Ms, p99Ms, p999Ms, errorRatio },
    soFar: { p99Ms: soFar[0], errorRatio: soFar[1] },
    p99MinuteMs: limitMs === null ? calm.map((value) => (value % 20) + 30) : [...calm, 640, 601, 612],
    limitMs,
    hasObjective: limitMs !== null,
  };
}

function promise(name: string, limit: string, limitValue: number, unit: LivePromise['unit']): LivePromise {
  return { name, limit, limitValue, op: '<', unit, outcome: null, cells: [], budgetLeft: null };
}
