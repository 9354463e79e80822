import { describe, expect, it } from 'vitest';
import type { Topology } from '../../chaos/topology.ts';
import type { ParseContext } from './context.ts';
import { parseScenario } from './parse.ts';
import {
  down,
  type FaultEntry,
  kill,
  latency,
  nemesis,
  parallel,
  type Schedule,
  type StopRule,
  scenario,
  sequence,
  users,
} from './scenario.ts';

const by = { pid: 1, control: 'http://127.0.0.1' };
const link = (from: string, to: string) => {
  const name = `${from}->${to}`;
  return { name, from, to, protocol: 'http' as const, toxiproxy: { api: 'http://127.0.0.1', proxy: name } };
};
const topology: Topology = {
  entry: 'http://127.0.0.1',
  nodes: ['gateway-1', 'gateway-2', 'gateway-3', 'gateway-4'].map((name) => ({ name, role: 'gateway', by })),
  links: [link('lb', 'gateway-1'), link('lb', 'gateway-2'), link('orders', 'shard')],
  scrapes: [],
  stores: [],
};
const context: ParseContext = {
  file: 'x.ts',
  nonce: 'test',
  topology,
  limits: { descriptors: 20_000, ports: 28_000 },
  invariants: [],
  checkPromql: (expression) =>
    expression.includes('((') ? { ok: false, problem: '1:1: unexpected (' } : { ok: true, rangeMs: 0 },
};

function parse(faults: (FaultEntry | Schedule)[], change: Partial<ParseContext> & { stopWhen?: StopRule[] } = {}) {
  const { stopWhen = [], ...with_ } = change;
  const load = { people: users({ stages: [{ to: 10, over: '1s' }, { hold: '119s' }], flow: async () => {} }) };
  return parseScenario(scenario({ name: 'x', target: 'reference', load, faults, stopWhen }), { ...context, ...with_ });
}

function planned(faults: (FaultEntry | Schedule)[], with_: Partial<ParseContext> = {}) {
  const parsed = parse(faults, with_);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  return parsed.plan.faults;
}

function problems(faults: (FaultEntry | Schedule)[], change: Parameters<typeof parse>[1] = {}): string {
  const parsed = parse(faults, change);
  return parsed.ok ? '' : parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
}

const slow = latency({ link: 'orders->shard', latencyMs: 100 });

describe('when faults come', () => {
  it('again and again, each with a name of its own, until the load ends or often enough', () => {
    const often = planned([{ at: '10s', every: '30s', for: '5s', fault: slow }]);
    expect(often.map(({ name, atMs }) => [name, atMs])).toEqual([
      ['latency', 10_000],
      ['latency-2', 40_000],
      ['latency-3', 70_000],
      ['latency-4', 100_000],
    ]);
    expect(planned([{ at: '10s', every: '30s', times: 2, for: '5s', fault: slow }])).toHaveLength(2);
  });

  it('with a jitter that the seed decides', () => {
    const faults: FaultEntry[] = [{ at: '10s', every: '30s', jitter: '9s', for: '5s', fault: slow }];
    const times = (seed: number) => planned(faults, { seed }).map(({ atMs }) => atMs);
    expect(times(1)).toEqual(times(1));
    expect(times(1)).not.toEqual(times(2));
    for (const [turn, atMs] of times(3).entries()) {
      expect(atMs).toBeGreaterThanOrEqual(10_000 + turn * 30_000);
      expect(atMs).toBeLessThan(19_000 + turn * 30_000);
    }
  });

  it('one after the other, and at the same time', () => {
    const both = planned([
      sequence({
        at: '10s',
        gap: '5s',
        faults: [
          { for: '10s', fault: slow },
          { for: '20s', fault: kill({ node: 'gateway-1' }) },
        ],
      }),
      parallel({
        at: '60s',
        for: '9s',
        faults: [{ fault: slow }, { for: '3s', fault: down({ link: 'lb->gateway-1' }) }],
      }),
    ]);
    expect(both.map(({ name, atMs, forMs }) => [name, atMs, forMs])).toEqual([
      ['latency', 10_000, 10_000],
      ['kill', 25_000, 20_000],
      ['latency-2', 60_000, 9_000],
      ['down', 60_000, 3_000],
    ]);
  });

  it('after a condition, which is kept in the plan', () => {
    const [fault] = planned([{ after: { promql: 'x', is: '> 5', for: '3s' }, for: '10s', fault: slow }]);
    expect(fault).toMatchObject({
      atMs: 0,
      after: { expression: 'x', op: '>', limitValue: 5, forMs: 3_000, withinMs: 110_000 },
    });
  });

  it('is said wrong in ways that are told apart', () => {
    expect(problems([{ for: '1s', fault: slow }])).toContain(
      "faults[0].at: expected when: at: '30s', or after: { promql, is }",
    );
    expect(problems([{ at: '1s', every: '5s', for: '5s', fault: slow }])).toContain(
      'faults[0].every: is no longer than',
    );
    expect(problems([{ at: '1s', times: 2, for: '5s', fault: slow }])).toContain(
      'faults[0].times: says something only',
    );
    expect(problems([{ after: { promql: '((', is: '> 1' }, for: '5s', fault: slow }])).toContain(
      'faults[0].after.promql: 1:1',
    );
    expect(problems([parallel({ at: '1s', faults: [{ fault: slow }] })])).toContain(
      'faults[0].params.faults[0].for: expected a duration',
    );
    expect(problems([nemesis({ every: '0s', faults: [{ for: '1s', fault: slow }] })])).toContain('above nothing');
  });

  it('not while something else has the same target', () => {
    expect(
      problems([
        { at: '1s', for: '9s', fault: slow },
        { at: '5s', for: '9s', fault: down({ link: 'orders->shard' }) },
      ]),
    ).toContain("takes link:orders->shard, which 'latency' has from 1s to 10s");
    expect(
      problems([
        { after: { promql: 'x', is: '> 5' }, for: '9s', fault: slow },
        { at: '50s', for: '9s', fault: slow },
      ]),
    ).toContain("which 'latency' has from 0ms at the earliest to 2m");
  });
});

describe('a nemesis', () => {
  const faults = [
    { weight: 3, for: '10s', fault: slow },
    { for: '5s', limit: 1, fault: kill({ node: 'role=gateway' }) },
    { for: '5s', fault: down({ link: 'lb->*' }) },
  ];
  const draw = (seed: number, atMost = 1) => planned([nemesis({ seed, every: '8s', jitter: '3s', atMost, faults })]);

  it('draws the same faults, targets and times for the same seed, and others for another', () => {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('draws by weight, and draws a target too', () => {
    const many = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap((seed) => draw(seed));
    const slowOnes = many.filter(({ kind }) => kind === 'latency').length;
    expect(slowOnes / many.length).toBeGreaterThan(0.4);
    expect(slowOnes / many.length).toBeLessThan(0.75);
    const killed = many.filter(({ kind }) => kind === 'kill');
    expect(killed.every(({ targets }) => targets.length === 1)).toBe(true);
    expect(new Set(killed.flatMap(({ targets }) => targets)).size).toBeGreaterThan(1);
  });

  it.each([1, 2])('never has more than %d on at a time', (atMost) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const all = draw(seed, atMost);
      for (const { atMs } of all) {
        expect(all.filter((other) => other.atMs <= atMs && atMs < other.atMs + other.forMs).length).toBeLessThanOrEqual(
          atMost,
        );
      }
    }
  });
});

describe('the blast radius', () => {
  const all = kill({ node: 'role=gateway' });
  const targets = (options: Partial<FaultEntry>, with_: Partial<ParseContext> = {}) =>
    planned([{ at: '1s', for: '5s', fault: all, ...options }], with_)[0]?.targets;

  it('is all that is selected, or so many of them, drawn by the seed', () => {
    expect(targets({})).toHaveLength(4);
    expect(targets({ limit: 2 })).toHaveLength(2);
    expect(targets({ percent: 50 })).toHaveLength(2);
    expect(targets({ percent: 1 })).toHaveLength(1);
    expect(targets({ limit: 1 }, { seed: 1 })).toEqual(targets({ limit: 1 }, { seed: 1 }));
    expect(new Set([1, 2, 3, 4, 5, 6].map((seed) => targets({ limit: 1 }, { seed })?.[0])).size).toBeGreaterThan(1);
  });

  it('leaves out what must never be hit, by the scenario or by the project', () => {
    expect(targets({ never: ['gateway-1'] })).toEqual(['gateway-2', 'gateway-3', 'gateway-4']);
    expect(targets({}, { cap: { never: ['gateway-1', 'gateway-2'] } })).toEqual(['gateway-3', 'gateway-4']);
    expect(problems([{ at: '1s', for: '5s', fault: kill({ node: 'gateway-1' }), never: ['role=gateway'] }])).toContain(
      'all it could hit is on a list of what is never to be hit: gateway-1',
    );
    expect(problems([{ at: '1s', for: '5s', fault: all, never: ['gatway-1'] }])).toContain(
      "never 'gatway-1': no such node",
    );
  });

  it('has a cap that nothing goes beyond', () => {
    const fault = [{ at: '1s', for: '5s', fault: all }];
    expect(problems(fault, { cap: { never: [], maxTargets: 2 } })).toContain(
      'hits 4 targets, and stampede.config.json allows 2',
    );
    expect(problems(fault, { cap: { never: [], maxPercent: 50 } })).toContain(
      'hits 4 of 4 nodes of role gateway (100 %)',
    );
    expect(targets({ limit: 2 }, { cap: { never: [], maxTargets: 2, maxPercent: 50 } })).toHaveLength(2);
  });
});

describe('what ends a run before its time', () => {
  const stop = (stopWhen: StopRule[]) => {
    const parsed = parse([], { stopWhen });
    return parsed.ok
      ? parsed.plan.stopWhen
      : parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
  };

  it('is an expression, a measure of requests, or the harness itself', () => {
    expect(
      stop([
        { promql: 'x', is: '> 5', for: '10s' },
        { of: 'checkout', errors: '> 20%', for: '5s' },
        { harness: 'lateness', is: '> 500ms', for: '5s' },
      ]),
    ).toMatchObject([
      { source: 'promql', expression: 'x', limit: '> 5' },
      { source: 'client', of: 'checkout', measure: { kind: 'errors' }, limitValue: 0.2, what: 'errors of checkout' },
      { source: 'harness', health: 'lateness', limitValue: 500, forMs: 5_000 },
    ]);
  });

  it('is said wrong in ways that are told apart', () => {
    expect(stop([{ of: 'checkout', for: '5s' }])).toContain('expected exactly one of p50');
    expect(stop([{ harness: 'lateness', is: '> 5%', for: '5s' }])).toContain(
      "expected a limit such as '> 500ms', got '> 5%'",
    );
    expect(stop([{ harness: 'latenes', is: '> 5ms', for: '5s' } as never])).toContain('stopWhen[0].harness');
    expect(stop(['soon' as never])).toContain('stopWhen[0]: expected { promql, is, for }');
  });
});
