import type {
  ObjectiveCell,
  ObjectiveResult,
  RequestSummary,
  Verdict,
  VerdictWindow,
} from '../harness/verdict/verdict.ts';
import type { Chart, ReportModel } from './model.ts';

/**
 * Made-up runs for the tests of the writers: every number is invented, none was measured. The same call gives the same
 * model, so exact texts can be asserted.
 */

/** Two faults, a broken promise, a broken invariant, a promise without data; 240 s of data by the second. */
export function failedRun(): ReportModel {
  return {
    verdict: failedVerdict(),
    charts: charts(240, REQUESTS),
    events: EVENTS,
    directory: DIRECTORY,
    planText: PLAN,
  };
}

/** The same run when everything held. */
export function passedRun(): ReportModel {
  const model = failedRun();
  const { verdict } = model;
  return {
    ...model,
    charts: charts(240, REQUESTS, { broken: false }),
    verdict: {
      ...verdict,
      outcome: 'passed',
      exitCode: 0,
      causes: [],
      objectives: [
        objective('checkout p99', 'ms', 400, [
          cell('steady', 131, 54_120),
          cell('fault:slow-shard', 241, 18_432),
          cell('recovery:slow-shard', 140, 12_310),
          cell('fault:gateway-down', 302, 8_200),
          cell('recovery:gateway-down', 133, 5_349),
          cell('whole', 188, 98_411),
        ]),
        {
          ...objective('others unharmed', 'ratio', 0.001, [cell('fault:slow-shard', 0.0002, 843_112)]),
          source: 'promql',
        },
      ],
      invariants: verdict.invariants.map((invariant) => ({
        ...invariant,
        outcome: 'passed',
        sentence:
          invariant.name === 'money-conserved'
            ? '84,113 accounts compared, 0 wrong'
            : '84,113 orders acknowledged, 0 lost, 0 stored twice',
        counts: {},
        examples: [],
      })),
    },
  };
}

/** An unfit generator, a fault without effect, no data in a window: nothing is known, and the report has to say so. */
export function inconclusiveRun(): ReportModel {
  const model = failedRun();
  const { verdict } = model;
  const [slow] = verdict.faults;
  return {
    ...model,
    charts: [
      ...charts(240, REQUESTS, { broken: false }).filter((chart) => chart.group !== 'target'),
      {
        id: 'target.cpu',
        group: 'target',
        title: 'CPU of the target',
        caption: 'nothing was scraped from the target',
        unit: 'ratio',
        scale: 'linear',
        x: [],
        series: [],
        limits: [],
        empty: 'No scrape of http://127.0.0.1:9464/metrics answered (47 tries, last: ECONNREFUSED).',
      },
    ],
    verdict: {
      ...verdict,
      outcome: 'inconclusive',
      exitCode: 3,
      causes: [
        'The generator was unfit: 312 of 240,000 starts were dropped from 03:10 on. Use more agents, or stampede calibrate.',
        'fault slow-shard was applied but had no measured effect',
        'search errors: no samples during fault:slow-shard',
      ],
      objectives: [
        objective('checkout p99', 'ms', 400, [
          { ...cell('steady', 131, 54_120), outcome: 'inconclusive', note: 'the generator was unfit' },
          { ...cell('fault:slow-shard', 211, 18_432), outcome: 'inconclusive', note: 'the generator was unfit' },
        ]),
        objective('search errors', 'ratio', 0.01, [
          { ...cell('fault:slow-shard', null, 0), note: 'no samples in this window' },
        ]),
      ],
      faults: slow === undefined ? [] : [withoutEffect(slow)],
      windows: WINDOWS.filter((window) => !window.name.includes('gateway')),
      invariants: [
        {
          name: 'orders-exactly-once',
          outcome: 'inconclusive',
          sentence: 'the orders database could not be read: connection refused',
          counts: {},
          examples: [],
        },
      ],
      validity: {
        ...verdict.validity,
        fit: false,
        drops: 312,
        latenessP99Ms: 48,
        cpuMax: 0.99,
        agentsFinished: 3,
        checks: [
          { name: 'rate kept', ok: true, value: 0.999, limit: 0.99, unit: 'ratio' },
          {
            name: 'drops',
            ok: false,
            value: 312,
            limit: 0,
            unit: 'number',
            sentence: '312 starts found no free user from 03:10 on. Use more agents, or stampede calibrate.',
          },
          {
            name: 'lateness p99',
            ok: false,
            value: 48,
            limit: 5,
            unit: 'ms',
            sentence: 'Requests left 48 ms late: the generator was the bottleneck.',
          },
          {
            name: 'agents',
            ok: false,
            value: 3,
            limit: 4,
            unit: 'number',
            sentence: 'Agent 3 stopped answering at 03:09.8.',
          },
          { name: 'event-loop lag p99', ok: true, value: 6, limit: 20, unit: 'ms' },
        ],
      },
    },
  };
}

/** Everything a user or a server can name is hostile: markup, escape sequences, XML ends, halves of surrogate pairs. */
export function hostileRun(): ReportModel {
  const model = failedRun();
  const { verdict } = model;
  return {
    ...model,
    charts: model.charts.map((chart) => ({
      ...chart,
      title: `${chart.title} ${HOSTILE}`,
      caption: HOSTILE,
      series: chart.series.map((series) => ({ ...series, label: `${series.label} ${HOSTILE}` })),
      limits: chart.limits.map((line) => ({ ...line, label: HOSTILE })),
    })),
    events: [...model.events, { tMs: 1, kind: 'fault', text: HOSTILE }],
    planText: HOSTILE,
    verdict: {
      ...verdict,
      run: { ...verdict.run, scenario: HOSTILE, file: `scenarios/${HOSTILE}.ts`, question: HOSTILE, command: HOSTILE },
      causes: [HOSTILE],
      warnings: [HOSTILE],
      residue: [HOSTILE],
      objectives: verdict.objectives.map((one, index) => ({ ...one, name: `${HOSTILE} ${index}`, of: HOSTILE })),
      faults: verdict.faults.map((one) => ({ ...one, target: HOSTILE, settings: HOSTILE, proof: HOSTILE })),
      invariants: verdict.invariants.map((one, index) => ({
        ...one,
        name: `${HOSTILE} ${index}`,
        sentence: HOSTILE,
        examples: [HOSTILE],
      })),
      requests: verdict.requests.map((one) => ({ ...one, name: HOSTILE, errorKinds: { [HOSTILE]: one.errors } })),
    },
  };
}

/** The target never started: a verdict of one cause, and nothing else. */
export function emptyRun(): ReportModel {
  const { verdict } = failedRun();
  return {
    charts: [],
    events: [
      { tMs: 0, kind: 'run', text: 'slow-shard id=20261123-173650 seed=42' },
      { tMs: 20_100, kind: 'target', text: 'shard-eu-0 did not accept connections within 20 s' },
    ],
    directory: DIRECTORY,
    planText: PLAN,
    verdict: {
      ...verdict,
      run: {
        ...verdict.run,
        durationMs: 20_400,
        loadFromMs: 0,
        loadToMs: 0,
        agents: 0,
        peakUsers: 0,
        iterations: 0,
        failedIterations: 0,
      },
      outcome: 'inconclusive',
      exitCode: 4,
      ended: { how: 'broken', reason: 'shard-eu-0 did not accept connections within 20 s' },
      causes: [
        'the target did not start: shard-eu-0 did not accept connections within 20 s (34 tries, last: ECONNREFUSED)',
      ],
      windows: [],
      objectives: [],
      faults: [],
      invariants: [],
      requests: [],
      residue: [],
      warnings: [],
      validity: {
        fit: false,
        checks: [],
        offeredPerSec: 0,
        achievedPerSec: 0,
        drops: 0,
        latenessP99Ms: null,
        loopLagP99Ms: null,
        cpuMax: null,
        agentsPlanned: 4,
        agentsFinished: 0,
        scrapeGaps: 0,
      },
    },
  };
}

/** One hour with `requests` names and `faults` faults: for the limits on size. */
export function bigRun(requests: number, faults: number): ReportModel {
  const names = Array.from({ length: requests }, (_, index) => `request-${index}`);
  const seconds = 3600;
  const { verdict } = failedRun();
  const [fault] = verdict.faults;
  const spaced = Array.from({ length: faults }, (_, index) => ({
    name: `fault-${index}`,
    atMs: 60_000 + index * 290_000,
  }));
  const windows: VerdictWindow[] = [
    { name: 'steady', kind: 'steady', spans: [{ fromMs: 0, toMs: 60_000 }] },
    ...spaced.flatMap(({ name, atMs }): VerdictWindow[] => [
      { name: `fault:${name}`, kind: 'fault', spans: [{ fromMs: atMs, toMs: atMs + 45_000 }] },
      { name: `recovery:${name}`, kind: 'recovery', spans: [{ fromMs: atMs + 45_000, toMs: atMs + 105_000 }] },
    ]),
    { name: 'whole', kind: 'whole', spans: [{ fromMs: 0, toMs: seconds * 1000 }] },
  ];
  return {
    directory: DIRECTORY,
    planText: PLAN,
    charts: charts(seconds, names.slice(0, 20)),
    events: Array.from({ length: 4000 }, (_, index) => ({
      tMs: index * 900,
      kind: 'alert',
      text: `alert CheckoutSlow is firing for the ${index}th time`,
    })),
    verdict: {
      ...verdict,
      run: { ...verdict.run, durationMs: seconds * 1000, loadToMs: seconds * 1000 },
      windows,
      objectives: names.map((name) =>
        objective(
          `${name} p99`,
          'ms',
          400,
          windows.map((window) => cell(window.name, 180, 40_000)),
        ),
      ),
      faults:
        fault === undefined
          ? []
          : spaced.map(({ name, atMs }) => ({
              ...fault,
              name,
              requestedMs: atMs,
              appliedMs: atMs + 20,
              provenMs: atMs + 3100,
              undoRequestedMs: atMs + 45_000,
              undoneMs: atMs + 45_100,
              cleanMs: atMs + 45_600,
              recoveredMs: atMs + 56_000,
            })),
      requests: names.map((name, index) => request(name, 100_000 + index, 38, 388)),
    },
  };
}

const HOSTILE =
  '</script><!--<script>alert(1)</script><img src=x onerror=alert(2)>"\'`|@octocat ]]> \u0000\u001b[31mred\u001b[0m \ud800 \u202eevil\r\n::error::x';

const DIRECTORY = 'reports/runs/20261123-173650';
const REQUESTS = ['checkout', 'browse', 'sign-up'];
const PLAN = JSON.stringify({ seed: 42, agents: 4, load: { shoppers: { users: 100_000 } } }, null, 2);

const WINDOWS: VerdictWindow[] = [
  {
    name: 'steady',
    kind: 'steady',
    spans: [
      { fromMs: 60_000, toMs: 120_000 },
      { fromMs: 180_000, toMs: 190_000 },
    ],
  },
  { name: 'fault:slow-shard', kind: 'fault', spans: [{ fromMs: 120_000, toMs: 166_000 }] },
  { name: 'recovery:slow-shard', kind: 'recovery', spans: [{ fromMs: 166_000, toMs: 180_000 }] },
  { name: 'fault:gateway-down', kind: 'fault', spans: [{ fromMs: 190_000, toMs: 206_000 }] },
  { name: 'recovery:gateway-down', kind: 'recovery', spans: [{ fromMs: 206_000, toMs: 225_000 }] },
  { name: 'whole', kind: 'whole', spans: [{ fromMs: 5_000, toMs: 245_000 }] },
];

const EVENTS = [
  { tMs: 0, kind: 'run', text: 'slow-shard id=20261123-173650 seed=42 users=100,000 for=4m' },
  { tMs: 4_800, kind: 'target', text: 'ready in 4.8 s: 9 nodes, 14 links, 11 scrapes' },
  { tMs: 5_100, kind: 'agents', text: '4 of 4 ready' },
  { tMs: 65_200, kind: 'load', text: 'load reached 100,000 users' },
  { tMs: 120_000, kind: 'fault', text: 'latency injected on orders->shard-eu-0: 800 ms, jitter 200 ms; lease 60 s' },
  { tMs: 123_100, kind: 'fault', text: 'latency proven: orders->shard-eu-0 takes 812 ms, took 2 ms before' },
  { tMs: 127_400, kind: 'alert', text: 'alert CheckoutSlow is firing (7.4 s after the fault)' },
  { tMs: 165_100, kind: 'fault', text: 'latency undone and proven, residue 0' },
  { tMs: 190_000, kind: 'fault', text: 'kill applied to gateway-1' },
  { tMs: 190_400, kind: 'fault', text: 'kill proven: gateway-1 does not answer on its port' },
  { tMs: 205_200, kind: 'fault', text: 'gateway-1 is back and answers' },
  { tMs: 252_900, kind: 'verdict', text: 'failed, exit 1' },
];

function failedVerdict(): Verdict {
  return {
    version: 1,
    run: {
      id: '20261123-173650',
      scenario: 'slow-shard',
      file: 'scenarios/slow-shard.ts',
      question: 'Do checkouts in other regions notice when one shard crawls?',
      startedAt: '2026-11-23T17:36:50.000Z',
      durationMs: 253_000,
      loadFromMs: 5_000,
      loadToMs: 245_000,
      seed: 42,
      agents: 4,
      peakUsers: 100_000,
      iterations: 48_210,
      failedIterations: 301,
      command: 'stampede run scenarios/slow-shard.ts',
      versions: { stampede: '0.1.0', node: '26.10.0', platform: 'linux x64' },
    },
    outcome: 'failed',
    exitCode: 1,
    ended: { how: 'completed' },
    causes: [
      'checkout p99 was 612 ms during fault:slow-shard, limit < 400 ms (n = 18,432)',
      'money-conserved: 2 accounts wrong',
      'inconclusive: search errors, no samples during fault:slow-shard',
    ],
    windows: WINDOWS,
    objectives: [
      {
        ...objective('checkout p99', 'ms', 400, [
          cell('steady', 131, 54_120),
          {
            ...cell('fault:slow-shard', 612, 18_432),
            outcome: 'failed',
            note: 'worst in the 10 s from 02:21.0: 780 ms',
          },
          cell('recovery:slow-shard', 210, 12_310),
          cell('fault:gateway-down', 302, 8_200),
          cell('recovery:gateway-down', 133, 5_349),
          cell('whole', 388, 98_411),
        ]),
        at: 'scenarios/slow-shard.ts:14:5',
        budget: { spent: 0.38, byFault: { 'slow-shard': 0.31, 'gateway-down': 0.04 } },
      },
      {
        ...objective('others unharmed', 'ratio', 0.001, [
          cell('fault:slow-shard', 0.0002, 843_112),
          cell('fault:gateway-down', 0.0004, 301_220),
        ]),
        source: 'promql',
        of: 'sum(rate(http_requests_total{region!="eu",code=~"5.."}[10s])) / sum(rate(http_requests_total{region!="eu"}[10s]))',
        at: 'scenarios/slow-shard.ts:15:5',
      },
      {
        ...objective('search errors', 'ratio', 0.01, [
          cell('steady', 0, 20_412),
          { ...cell('fault:slow-shard', null, 0), note: 'no samples in this window' },
          cell('recovery:slow-shard', 0, 4_120),
          cell('whole', 0.0012, 31_120),
        ]),
        at: 'scenarios/slow-shard.ts:16:5',
      },
    ],
    faults: [
      {
        name: 'slow-shard',
        kind: 'latency',
        target: 'orders->shard-eu-0',
        settings: '800 ms, jitter 200 ms',
        outcome: 'passed',
        requestedMs: 120_000,
        appliedMs: 120_000,
        provenMs: 123_100,
        proof: 'orders->shard-eu-0 takes 812 ms, took 2 ms before',
        undoRequestedMs: 165_000,
        undoneMs: 165_100,
        cleanMs: 165_600,
        detectedMs: 127_400,
        detectedBy: 'checkout p99',
        recoveredMs: 176_300,
        budgetSpent: 0.31,
      },
      {
        name: 'gateway-down',
        kind: 'kill',
        target: 'gateway-1',
        settings: 'SIGKILL, restarted after 15 s',
        outcome: 'passed',
        requestedMs: 190_000,
        appliedMs: 190_020,
        provenMs: 190_400,
        proof: 'gateway-1 does not answer on its port',
        undoRequestedMs: 205_000,
        undoneMs: 205_200,
        cleanMs: 205_900,
        recoveredMs: 209_900,
        budgetSpent: 0.04,
      },
    ],
    invariants: [
      {
        name: 'orders-exactly-once',
        outcome: 'passed',
        sentence: '84,113 orders acknowledged, 0 lost, 0 stored twice',
        counts: { acknowledged: 84_113, lost: 0, twice: 0 },
        examples: [],
      },
      {
        name: 'money-conserved',
        outcome: 'failed',
        sentence: '2 of 84,113 accounts wrong, 14.00 in all',
        counts: { accounts: 84_113, wrong: 2 },
        examples: [
          'account 91842: ledger 120.00, balance 106.00',
          'account 10377: ledger 80.00, balance 80.00, missing entry',
        ],
      },
    ],
    validity: {
      fit: true,
      checks: [
        { name: 'rate kept', ok: true, value: 0.9997, limit: 0.99, unit: 'ratio' },
        { name: 'lateness p99', ok: true, value: 1.2, limit: 5, unit: 'ms' },
        { name: 'event-loop lag p99', ok: true, value: 6, limit: 20, unit: 'ms' },
        { name: 'CPU of the busiest agent', ok: true, value: 0.61, limit: 0.85, unit: 'ratio' },
        { name: 'drops', ok: true, value: 0, limit: 0, unit: 'number' },
        { name: 'agents', ok: true, value: 4, limit: 4, unit: 'number' },
      ],
      offeredPerSec: 19_420,
      achievedPerSec: 19_414,
      drops: 0,
      latenessP99Ms: 1.2,
      loopLagP99Ms: 6,
      cpuMax: 0.61,
      agentsPlanned: 4,
      agentsFinished: 4,
      scrapeGaps: 0,
    },
    requests: [
      {
        ...request('checkout', 98_411, 38, 388),
        errors: 305,
        errorRatio: 0.0031,
        errorKinds: { '5xx': 301, timeout: 4 },
        firstError: { tMs: 121_300, what: 'POST /v1/orders 503' },
      },
      request('browse', 4_512_930, 12, 40),
      request('sign-up', 48_000, 21, 75),
    ],
    residue: [],
    warnings: [],
  };
}

function objective(
  name: string,
  unit: ObjectiveResult['unit'],
  limitValue: number,
  cells: ObjectiveCell[],
): ObjectiveResult {
  const outcomes = cells.map((one) => one.outcome);
  const shown = unit === 'ratio' ? `${Number((limitValue * 100).toPrecision(6))} %` : `${limitValue} ms`;
  return {
    name,
    limit: unit === 'ms' ? `p99 < ${shown}` : `< ${shown}`,
    limitValue,
    op: '<',
    unit,
    source: 'client',
    of: name.split(' ')[0] ?? name,
    outcome:
      outcomes.includes('failed') || (name === 'checkout p99' && cells.some((one) => (one.value ?? 0) > limitValue))
        ? 'failed'
        : outcomes.includes('inconclusive')
          ? 'inconclusive'
          : 'passed',
    cells,
  };
}

function cell(window: string, value: number | null, samples: number): ObjectiveCell {
  return { window, outcome: value === null ? 'inconclusive' : 'passed', value, samples };
}

function request(name: string, total: number, p50Ms: number, p99Ms: number): RequestSummary {
  return {
    kind: 'request',
    name,
    count: total,
    perSec: total / 240,
    p50Ms,
    p90Ms: p50Ms * 2.1,
    p99Ms,
    p999Ms: p99Ms * 3.12,
    maxMs: p99Ms * 4.4,
    serviceP99Ms: p99Ms * 0.82,
    errors: 0,
    errorRatio: 0,
    errorKinds: {},
  };
}

function charts(seconds: number, names: string[], { broken = true }: { broken?: boolean } = {}): Chart[] {
  const x = Array.from({ length: seconds }, (_, index) => index + 5);
  const ramp = (second: number): number => Math.min(1, second / 60);
  const slow = (second: number): number => (broken && second >= 123 && second < 167 ? 1 : 0);
  const down = (second: number): number => (broken && second >= 190 && second < 206 ? 1 : 0);
  const wave = (second: number, seed: number): number =>
    1 +
    0.08 * Math.sin(second / 5 + seed) +
    0.05 * Math.sin(second * 1.7 + seed * 3) +
    0.04 * Math.sin(second * 4.3 + seed);
  const line = (of: (second: number) => number): number[] => x.map((second) => Number(of(second).toPrecision(4)));
  return [
    ...names.map((name, index): Chart => {
      const base = 1 + index * 0.4;
      const hurt = index === 0 ? 1 : 0.05;
      return {
        id: `latency.${name}`,
        group: 'latency',
        title: `Latency of ${name}`,
        caption:
          index === 0 && broken
            ? 'p99 rose from 131 ms to 612 ms during fault:slow-shard, limit 400 ms'
            : `p99 stayed between ${Math.round(110 / base)} ms and ${Math.round(150 / base)} ms`,
        unit: 'ms',
        scale: 'log',
        x,
        series: [
          { label: 'p50', role: 'p50', values: line((s) => (38 / base) * wave(s, index) * (1 + 0.4 * hurt * slow(s))) },
          {
            label: 'p90',
            role: 'p90',
            values: line((s) => (80 / base) * wave(s, index + 2) * (1 + 2 * hurt * slow(s))),
          },
          {
            label: 'p99',
            role: 'p99',
            values: line((s) => (131 / base) * wave(s, index + 4) * (1 + 3.6 * hurt * slow(s) + 1.2 * hurt * down(s))),
          },
          {
            label: 'p99.9',
            role: 'p999',
            values: line((s) => (280 / base) * wave(s, index + 6) * (1 + 3.3 * hurt * slow(s) + 1.5 * hurt * down(s))),
          },
        ],
        limits: index === 0 ? [{ label: 'checkout p99 < 400 ms', value: 400 }] : [],
      };
    }),
    {
      id: 'load.rate',
      group: 'load',
      title: 'Offered, done and dropped',
      caption: broken ? 'all that was due was sent; nothing was dropped' : '312 starts were dropped from 03:10 on',
      unit: 'per second',
      scale: 'linear',
      x,
      series: [
        { label: 'offered', role: 'offered', values: line((s) => 19_560 * ramp(s)) },
        {
          label: 'done',
          role: 'done',
          values: line((s) => 19_540 * ramp(s) * (1 - 0.02 * down(s)) * (1 + 0.01 * (wave(s, 1) - 1))),
        },
        { label: 'dropped', role: 'dropped', values: line(() => 0) },
      ],
      limits: [],
    },
    {
      id: 'load.users',
      group: 'load',
      title: 'Users',
      caption: '100,000 users from 01:05 on',
      unit: 'count',
      scale: 'linear',
      x,
      series: [{ label: 'active users', role: 'users', values: line((s) => Math.round(100_000 * ramp(s))) }],
      limits: [],
    },
    {
      id: 'errors.kinds',
      group: 'errors',
      title: 'Errors',
      caption: broken ? '5xx began at 02:01.3, 1.3 s after slow-shard' : 'no request failed',
      unit: 'per second',
      scale: 'linear',
      x,
      series: [
        { label: '5xx', role: 'errors', values: line((s) => 7 * slow(s) * wave(s, 9) + 14 * down(s) * wave(s, 3)) },
        { label: 'timeout', role: 'errors', values: line((s) => 0.4 * slow(s) * wave(s, 2)) },
      ],
      limits: [],
    },
    {
      id: 'target.cpu',
      group: 'target',
      title: 'CPU of the target',
      caption: 'the orders service stayed under 60 % of a core',
      unit: 'ratio',
      scale: 'linear',
      x,
      series: [
        { label: 'orders', role: 'other', values: line((s) => 0.48 * ramp(s) * wave(s, 5)) },
        {
          label: 'gateway-1',
          role: 'other',
          values: x.map((s) => (down(s) === 1 ? null : Number((0.31 * ramp(s) * wave(s, 8)).toPrecision(4)))),
        },
        { label: 'shard-eu-0', role: 'other', values: line((s) => 0.22 * ramp(s) * wave(s, 11)) },
      ],
      limits: [],
    },
    {
      id: 'generator.lateness',
      group: 'generator',
      title: 'Lateness of the generator',
      caption: 'p99 stayed under its limit of 5 ms',
      unit: 'ms',
      scale: 'linear',
      x,
      series: [{ label: 'lateness p99', role: 'p99', values: line((s) => 1.1 * wave(s, 7)) }],
      limits: [{ label: 'limit', value: 5 }],
    },
  ];
}

/** The same fault, applied and undone, whose effect was never measured. */
function withoutEffect(fault: Verdict['faults'][number]): Verdict['faults'][number] {
  const { provenMs: _provenMs, proof: _proof, detectedMs: _detectedMs, detectedBy: _detectedBy, ...rest } = fault;
  return { ...rest, outcome: 'inconclusive', note: 'took 2 ms before and takes 2 ms now: it had no measured effect' };
}
