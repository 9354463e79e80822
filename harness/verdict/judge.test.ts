import { describe, expect, it } from 'vitest';
import type { JournalEvent, JournalLine } from '../journal.ts';
import type { ObjectivePlan, Plan } from '../scenario/plan.ts';
import type { Evidence } from './evidence.ts';
import { judge } from './judge.ts';

/** What happened in one second to the requests of one name. */
interface Second {
  count: number;
  ms: number;
  errors?: number;
}

const plan: Plan = {
  version: 1,
  name: 'test',
  file: 'x.ts',
  target: { kind: 'reference' },
  seed: 1,
  nonce: 'test',
  agents: 1,
  durationMs: 100_000,
  warmUpMs: 0,
  recoveryMs: 30_000,
  loads: [{ model: 'users', name: 'people', curve: [{ tMs: 0, value: 10 }], graceMs: 30_000 }],
  http: { driver: 'wire', connections: 'shared', localAddresses: [], http2: false, insecure: false },
  faults: [
    { name: 'slow', kind: 'latency', params: {}, settings: '800 ms', targets: ['a->b'], atMs: 40_000, forMs: 20_000 },
  ],
  objectives: [],
  invariants: ['orders-exactly-once'],
  stopWhen: [],
  validity: { latenessP99Ms: 50, rateKept: 0.99, cpu: 0.9, loopLagP99Ms: 100, lostLoad: 0.01, scrapeGaps: 0.05 },
};

const p99: ObjectivePlan = {
  name: 'checkout p99',
  source: 'client',
  of: 'checkout',
  measure: { kind: 'quantile', q: 0.99, label: 'p99' },
  op: '<',
  limitValue: 400,
  limit: 'p99 < 400 ms',
  unit: 'ms',
  during: ['steady', 'fault', 'recovery', 'whole'],
};

const errors: ObjectivePlan = {
  ...p99,
  name: 'checkout errors',
  measure: { kind: 'errors' },
  limitValue: 0.01,
  limit: '< 1 %',
  unit: 'ratio',
};

const query: ObjectivePlan = {
  name: 'others',
  source: 'promql',
  expression: 'x',
  rangeMs: 10_000,
  op: '<',
  limitValue: 0.1,
  limit: '< 10 %',
  unit: 'ratio',
  during: ['steady', 'fault'],
};

const line = (tMs: number, event: JournalEvent): JournalLine => ({ tMs, ...event });
type FaultState = Extract<JournalEvent, { kind: 'fault' }>['state'];
const faultAt = (tMs: number, state: FaultState, evidence?: string) =>
  line(tMs, {
    kind: 'fault',
    name: 'slow',
    fault: 'latency',
    target: 'a->b',
    settings: '800 ms',
    state,
    ...(evidence ? { evidence } : {}),
  });

const calmEvents: JournalLine[] = [
  line(0, {
    kind: 'run started',
    version: 1,
    id: 'r',
    startedAt: '2026-11-23T00:00:00.000Z',
    epochMs: 0,
    command: 'stampede run x.ts',
    versions: { stampede: '0', node: 'v26', platform: 'linux' },
  }),
  line(0, { kind: 'load started', atMs: 0 }),
  faultAt(40_000, 'requested'),
  faultAt(40_001, 'recorded'),
  faultAt(40_100, 'applied'),
  faultAt(41_000, 'proven', 'a->b takes 812 ms, took 2 ms before'),
  faultAt(60_000, 'undo requested'),
  faultAt(60_050, 'undone'),
  faultAt(60_100, 'clean'),
  line(99_000, {
    kind: 'generator',
    agent: 0,
    cpu: 0.2,
    loopLagP99Ms: 1,
    rssBytes: 1,
    gcMaxMs: 1,
    gcTotalMs: 1,
    latenessP99Ms: 1,
    lateness: '',
    active: { people: 10 },
    inFlight: 0,
    sockets: 4,
    requests: 100,
    iterations: 100,
    failedIterations: 0,
    dropped: 0,
  }),
  line(99_500, { kind: 'agent done', agent: 0 }),
  line(100_000, { kind: 'load ended', reason: 'completed', why: '' }),
  line(100_100, { kind: 'residue', found: [] }),
  line(100_200, {
    kind: 'invariant',
    name: 'orders-exactly-once',
    outcome: 'passed',
    sentence: 'all there',
    counts: {},
    examples: [],
  }),
  line(100_300, { kind: 'scrapes', done: 1_000, failed: 0 }),
];

function isState(event: JournalLine, state: FaultState): boolean {
  return event.kind === 'fault' && event.state === state;
}

interface Case {
  objectives?: ObjectivePlan[];
  second?: (second: number) => Second | undefined;
  events?: JournalLine[];
  lateness?: number;
  samples?: (tMs: number) => number | undefined;
}

function evidenceOf({
  objectives = [p99],
  second = () => ({ count: 10, ms: 100 }),
  events = calmEvents,
  lateness = 1,
  samples,
}: Case): Evidence {
  const merged = (seconds: readonly number[]) => {
    const seen = seconds.map(second).filter((each) => each !== undefined);
    const all = seen.flatMap(({ count, ms }) => Array.from({ length: count }, () => ms)).sort((a, b) => a - b);
    const failed = seen.reduce((sum, each) => sum + (each.errors ?? 0), 0);
    return {
      count: all.length,
      maxMs: all.at(-1) ?? 0,
      quantile: (q: number) => all[Math.max(0, Math.ceil(q * all.length) - 1)] ?? null,
      countAbove: (ms: number) => all.filter((each) => each > ms).length,
      errors: failed,
      errorKinds: failed > 0 ? { '5xx': failed } : {},
    };
  };
  return {
    plan: { ...plan, objectives },
    events,
    requestNames: ['checkout'],
    counted: [{ kind: 'request', name: 'checkout' }],
    response: (name, seconds) => merged(name === 'checkout' ? seconds : []),
    service: (_, seconds) => merged(seconds),
    lateness: { count: 100, maxMs: lateness, quantile: () => lateness, countAbove: (ms) => (lateness > ms ? 100 : 0) },
    async queryRange(_, fromMs, toMs, stepMs) {
      if (!samples) throw new Error('nothing was scraped in this run');
      const found = [];
      for (let tMs = fromMs; tMs <= toMs; tMs += stepMs) {
        const value = samples(tMs);
        if (value !== undefined) found.push({ tMs, value });
      }
      return found.length > 0 ? [{ labels: {}, samples: found }] : [];
    },
  };
}

const cellsOf = (verdict: Awaited<ReturnType<typeof judge>>, name: string) =>
  Object.fromEntries(
    verdict.objectives.find((each) => each.name === name)?.cells.map((cell) => [cell.window, cell.outcome]) ?? [],
  );

describe('the judge', () => {
  it('passes a run in which every promise held and every fault was proven and undone', async () => {
    const verdict = await judge(evidenceOf({}));
    expect(verdict.causes).toEqual([]);
    expect(verdict).toMatchObject({ outcome: 'passed', exitCode: 0 });
    expect(verdict.faults[0]).toMatchObject({
      outcome: 'passed',
      proof: 'a->b takes 812 ms, took 2 ms before',
      cleanMs: 60_100,
    });
    expect(verdict.windows.map((window) => window.name)).toEqual(['steady', 'fault:slow', 'recovery:slow', 'whole']);
  });

  it('gives the same verdict for the same evidence', async () => {
    expect(JSON.stringify(await judge(evidenceOf({})))).toBe(JSON.stringify(await judge(evidenceOf({}))));
  });

  it('fails an objective in the window where it broke, and only there', async () => {
    const second = (s: number) => ({ count: 10, ms: s >= 42 && s < 60 ? 900 : 100 });
    const verdict = await judge(evidenceOf({ second }));
    expect(cellsOf(verdict, 'checkout p99')).toEqual({
      steady: 'passed',
      'fault:slow': 'failed',
      'recovery:slow': 'passed',
      whole: 'failed',
    });
    expect(verdict).toMatchObject({ outcome: 'failed', exitCode: 1 });
    expect(verdict.causes[0]).toBe('checkout p99 was 900 ms during fault:slow, limit p99 < 400 ms (n = 210)');
  });

  it('tells when a fault was noticed, and when the system was itself again', async () => {
    const second = (s: number) => ({ count: 10, ms: s >= 43 && s < 64 ? 900 : 100 });
    const [fault] = (await judge(evidenceOf({ second }))).faults;
    expect(fault).toMatchObject({ detectedMs: 44_000, detectedBy: 'checkout p99', recoveredMs: 64_000 });
  });

  it('says nothing of recovery when there was none', async () => {
    const second = (s: number) => ({ count: 10, ms: s >= 43 ? 900 : 100 });
    const [fault] = (await judge(evidenceOf({ second }))).faults;
    expect(fault?.recoveredMs).toBeUndefined();
  });

  it('adds up the error budget, in all and for the fault', async () => {
    const second = (s: number) => ({ count: 100, ms: 1, errors: s === 50 ? 50 : 0 });
    const verdict = await judge(evidenceOf({ objectives: [errors], second }));
    // 1 % of 10,000 requests are allowed to fail: 100; half of that was used, all of it by the fault.
    expect(verdict.objectives[0]?.budget).toEqual({ spent: 0.5, byFault: { slow: 0.5 } });
    expect(verdict.faults[0]?.budgetSpent).toBe(0.5);
  });

  it('does not pass a window without samples', async () => {
    const second = (s: number) => (s >= 40 && s < 61 ? undefined : { count: 10, ms: 100 });
    const verdict = await judge(evidenceOf({ second }));
    expect(cellsOf(verdict, 'checkout p99')['fault:slow']).toBe('inconclusive');
    expect(verdict).toMatchObject({ outcome: 'inconclusive', exitCode: 3 });
    expect(verdict.causes).toEqual(['checkout p99, during fault:slow: no samples in this window']);
  });

  it('does not pass an objective on a request that never was', async () => {
    const verdict = await judge(evidenceOf({ objectives: [{ ...p99, of: 'chekout' }] }));
    expect(verdict).toMatchObject({ outcome: 'inconclusive', exitCode: 3 });
    expect(verdict.causes[0]).toContain("nothing was counted as 'chekout'; there was: checkout");
  });

  it('judges an expression by its worst second, and leaves out those that reach back before the window', async () => {
    const passed = await judge(
      evidenceOf({ objectives: [query], samples: (tMs) => (tMs > 40_000 && tMs < 50_000 ? 0.5 : 0.01) }),
    );
    expect(cellsOf(passed, 'others')).toEqual({ steady: 'passed', 'fault:slow': 'passed' });
    const failed = await judge(evidenceOf({ objectives: [query], samples: (tMs) => (tMs === 55_000 ? 0.5 : 0.01) }));
    expect(cellsOf(failed, 'others')).toEqual({ steady: 'passed', 'fault:slow': 'failed' });
    expect(failed.objectives[0]?.cells[1]).toMatchObject({ value: 0.5, note: 'first broken at 55.0 s' });
  });

  it.each([
    ['no data at all', () => undefined, 'the monitor has no data for it in this window'],
    [
      'data for a few seconds only',
      (tMs: number) => (tMs % 5_000 === 0 ? 0.01 : undefined),
      'the monitor has data for only',
    ],
    ['no metrics', undefined, 'nothing was scraped in this run'],
  ])('does not pass an expression with %s', async (_, samples, note) => {
    const verdict = await judge(evidenceOf({ objectives: [query], ...(samples ? { samples } : {}) }));
    expect(verdict).toMatchObject({ outcome: 'inconclusive', exitCode: 3 });
    expect(verdict.causes[0]).toContain(note);
  });

  it.each([
    ['pass', 'passed'],
    ['fail', 'failed'],
  ] as const)('takes no data for what the objective says: %s', async (noData, outcome) => {
    const verdict = await judge(evidenceOf({ objectives: [{ ...query, noData }], samples: () => undefined }));
    expect(cellsOf(verdict, 'others')).toEqual({ steady: outcome, 'fault:slow': outcome });
    expect(verdict.objectives[0]?.cells[0]?.note).toBe(
      `the monitor has no data for it in this window, which counts as ${outcome}`,
    );
    // Data for a part of the window only is still nobody's answer.
    const part = (tMs: number) => (tMs % 5_000 === 0 ? 0.01 : undefined);
    const partly = await judge(evidenceOf({ objectives: [{ ...query, noData }], samples: part }));
    expect(cellsOf(partly, 'others')).toEqual({ steady: 'inconclusive', 'fault:slow': 'inconclusive' });
  });

  it('is inconclusive when a fault had no effect that could be proven', async () => {
    const events = calmEvents.map((event) =>
      isState(event, 'proven') ? { ...event, state: 'unproven' as const, evidence: 'no traffic' } : event,
    );
    const verdict = await judge(evidenceOf({ events: events as JournalLine[] }));
    expect(verdict).toMatchObject({ outcome: 'inconclusive', exitCode: 3 });
    expect(verdict.causes[0]).toBe('fault slow on a->b: it had no effect that could be proven: no traffic');
  });

  it('fails when a fault was not undone, and when something was left behind', async () => {
    const stuck = calmEvents.filter((event) => !isState(event, 'clean'));
    expect(await judge(evidenceOf({ events: stuck }))).toMatchObject({ outcome: 'failed', exitCode: 1 });
    const residue = calmEvents.map((event) =>
      event.kind === 'residue' ? { ...event, found: ['a->b is disabled'] } : event,
    );
    expect((await judge(evidenceOf({ events: residue }))).causes).toEqual(['left behind: a->b is disabled']);
  });

  it('fails on a broken invariant, and is inconclusive when it was never checked', async () => {
    const broken = calmEvents.map((event) =>
      event.kind === 'invariant' ? { ...event, outcome: 'failed' as const, sentence: '2 lost' } : event,
    );
    expect((await judge(evidenceOf({ events: broken }))).causes).toEqual(['orders-exactly-once: 2 lost']);
    const never = calmEvents.filter((event) => event.kind !== 'invariant');
    expect(await judge(evidenceOf({ events: never }))).toMatchObject({ exitCode: 3 });
  });

  it.each([
    ['late', { lateness: 80 }, 'lateness p99'],
    ['much too late', { lateness: 2_000 }, 'rate kept'],
    ['dropping starts', { events: changed('generator', { dropped: 5 }) }, 'drops'],
    ['at its limit of CPU', { events: changed('generator', { cpu: 0.99 }) }, 'CPU of the busiest agent'],
    ['held up', { events: changed('generator', { loopLagP99Ms: 150 }) }, 'event-loop lag p99'],
    ['short of users', { events: changed('generator', { active: { people: 4 } }) }, 'users reached'],
    ['losing agents', { events: calmEvents.filter((event) => event.kind !== 'agent done') }, 'agents'],
    ['missing scrapes', { events: [...calmEvents, ...gaps(100)] }, 'scrapes'],
    ['without a single scrape', { events: calmEvents.filter((event) => event.kind !== 'scrapes') }, 'scrapes'],
  ])('does not believe a generator that was %s', async (_, change, check) => {
    const verdict = await judge(evidenceOf(change));
    expect(verdict.validity.checks.filter((each) => !each.ok).map((each) => each.name)).toContain(check);
    expect(verdict).toMatchObject({ outcome: 'inconclusive', exitCode: 3 });
    expect(verdict.causes[0]).toContain('The generator was unfit');
  });

  it.each([
    ['inconclusive when nobody took over', [], 50_000, 'inconclusive'],
    ['fine when the others had its users soon', [0], 50_000, 'passed'],
    ['inconclusive when that took too long', [0], 45_000, 'inconclusive'],
  ] as const)('is, when an agent was lost, %s', async (_, handedTo, seenMs, outcome) => {
    const lost = { kind: 'agent lost', agent: 1, reason: 'killed', part: 0.25, seenMs, comingMs: 1_500 } as const;
    const events = [...calmEvents, line(50_500, { ...lost, handedTo: [...handedTo] })];
    const evidence = evidenceOf({ events });
    const verdict = await judge({ ...evidence, plan: { ...evidence.plan, agents: 2 } });
    expect(verdict.outcome).toBe(outcome);
    if (outcome === 'inconclusive') expect(verdict.causes[0]).toMatch(/Lost: agent 1 \(killed\)\. \d.* of the load/);
  });

  it('forgives the scrapes of a process that was killed on purpose', async () => {
    const killed = [...calmEvents, ...gaps(15, 'a->b')];
    expect((await judge(evidenceOf({ events: killed }))).validity.scrapeGaps).toBe(0);
  });

  it.each([
    ['interrupted', 130],
    ['stopped', 5],
    ['broken', 4],
  ] as const)('gives a run that was %s its own exit code', async (reason, exitCode) => {
    const events = calmEvents.map((event) =>
      event.kind === 'load ended' ? { ...event, reason, why: 'because' } : event,
    );
    expect(await judge(evidenceOf({ events: events as JournalLine[] }))).toMatchObject({
      exitCode,
      outcome: 'inconclusive',
    });
  });

  it('lets failed beat inconclusive', async () => {
    const second = () => ({ count: 10, ms: 900 });
    expect(await judge(evidenceOf({ second, lateness: 80 }))).toMatchObject({ outcome: 'failed', exitCode: 1 });
  });
});

function changed(kind: string, change: object): JournalLine[] {
  return calmEvents.map((event) => (event.kind === kind ? { ...event, ...change } : event)) as JournalLine[];
}

function gaps(count: number, node = 'somewhere'): JournalLine[] {
  return Array.from({ length: count }, (_, index) =>
    line(41_000 + index * 1_000, { kind: 'scrape gap', job: 'x', url: 'http://x/metrics', node, reason: 'refused' }),
  );
}
