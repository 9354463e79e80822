import { describe, expect, it } from 'vitest';
import type { Topology } from '../../chaos/topology.ts';
import type { ParseContext } from './context.ts';
import { parseScenario } from './parse.ts';
import { arrivals, kill, latency, type ScenarioDefinition, scenario, slo, users } from './scenario.ts';

const topology: Topology = {
  entry: 'http://127.0.0.1',
  nodes: [{ name: 'gateway-1', role: 'gateway', by: { pid: 1, control: 'http://127.0.0.1' } }],
  links: [
    {
      name: 'orders->shard-eu-0',
      from: 'orders',
      to: 'shard-eu-0',
      protocol: 'postgres',
      toxiproxy: { api: 'http://127.0.0.1', proxy: 'x' },
    },
  ],
  scrapes: [],
  stores: [],
};

const context: ParseContext = {
  file: 'scenarios/x.ts',
  nonce: 'test',
  topology,
  limits: { descriptors: 20_000, ports: 28_000 },
  invariants: ['orders-exactly-once'],
  checkPromql: (expression) =>
    expression.includes('(((')
      ? { ok: false, problem: '1:1: unexpected (' }
      : { ok: true, rangeMs: expression.includes('[2s]') ? 2_000 : 10_000 },
};

const flow = async () => {};
const good: ScenarioDefinition = {
  name: 'good',
  target: 'reference',
  load: { shoppers: users({ stages: [{ to: 100, over: '10s' }, { hold: '50s' }], flow }) },
};

function parse(change: object, with_: Partial<ParseContext> = {}) {
  return parseScenario(scenario({ ...good, ...change } as ScenarioDefinition), { ...context, ...with_ });
}

function problemsOf(change: object): string[] {
  const parsed = parse(change);
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe('a scenario', () => {
  it('becomes a frozen plan of plain data', () => {
    const parsed = parse({
      load: {
        shoppers: users({ stages: [{ to: 100, over: '10s' }, { hold: '50s' }], flow }),
        signups: arrivals({ stages: [{ to: 120, per: '1m', over: '30s' }, { hold: '30s' }], flow }),
      },
      faults: [{ at: '20s', for: '10s', fault: latency({ link: 'orders->shard-eu-0', latencyMs: 800 }) }],
      slos: [slo('checkout', { of: 'checkout', p99: '< 400ms' })],
    });
    expect(parsed.ok).toBe(true);
    if (!parsed.ok) return;
    expect(parsed.plan).toMatchObject({
      durationMs: 60_000,
      agents: 2,
      seed: 1,
      loads: [
        {
          name: 'shoppers',
          curve: [
            { tMs: 0, value: 0 },
            { tMs: 10_000, value: 100 },
            { tMs: 60_000, value: 100 },
          ],
        },
        {
          name: 'signups',
          curve: [
            { tMs: 0, value: 0 },
            { tMs: 30_000, value: 2 },
            { tMs: 60_000, value: 2 },
          ],
          maxInFlight: 10_000,
        },
      ],
      faults: [{ name: 'latency', kind: 'latency', settings: '800 ms', atMs: 20_000, forMs: 10_000 }],
      objectives: [{ name: 'checkout', limit: 'p99 < 400 ms', limitValue: 400, op: '<', unit: 'ms' }],
    });
    expect(JSON.parse(JSON.stringify(parsed.plan))).toEqual(parsed.plan);
    expect(() => Object.assign(parsed.plan.loads[0] ?? {}, { name: 'x' })).toThrow();
    expect([...parsed.flows.keys()]).toEqual(['shoppers', 'signups']);
  });

  it('takes seed and agents from the command line first', () => {
    const parsed = parse({ seed: 5, agents: 3 }, { seed: 9, agents: 4 });
    expect(parsed.ok && [parsed.plan.seed, parsed.plan.agents]).toEqual([9, 4]);
  });

  it('tells all its problems at once, each with its path and its place in the file', () => {
    const parsed = parse({
      question: 5,
      wramUp: '5s',
      load: { shoppers: users({ stages: [{ to: 100, over: '1 minute' }], flow }) },
      faults: [
        { at: '2s', for: '3s', fault: latency({ link: 'orders->shard-eu-1', latencyMs: 800 }) },
        { at: '2s', for: '3s', fault: kill({ node: 'gateway-1', restart: 'never' as 'at-end' }) },
      ],
      slos: [slo('checkout', { of: 'checkout', p99: '400' })],
      invariants: ['orders-exactly-onse'],
    });
    const problems = parsed.ok ? [] : parsed.problems;
    expect(problems.map((problem) => problem.path).sort()).toEqual([
      'faults[0].fault',
      'faults[1].fault.restart',
      'invariants[0]',
      'load.shoppers.stages[0].over',
      'question',
      'slos[0].p99',
      'wramUp',
    ]);
    const by = Object.fromEntries(problems.map((problem) => [problem.path, problem]));
    expect(by.wramUp?.message).toBe('unknown key. Did you mean warmUp?');
    expect(by['load.shoppers.stages[0].over']?.message).toBe(
      "expected a duration such as '90s' or '5m', got '1 minute'",
    );
    expect(by['faults[0].fault']?.message).toContain('Did you mean orders->shard-eu-0?');
    expect(by['invariants[0]']?.message).toContain('Did you mean orders-exactly-once?');
    for (const problem of problems) expect(problem.at).toMatch(/parse\.test\.ts:\d+:\d+$/);
  });

  it.each([
    [{ name: 'Not Good' }, 'name: expected lower-case letters, digits and dashes'],
    [{ load: {} }, 'load: expected at least one group'],
    [{ load: { a: { stages: [] } } }, 'load.a: expected users({...}) or arrivals({...})'],
    [{ load: { a: users({ stages: [], flow }) } }, 'load.a.stages: expected at least one stage'],
    [{ load: { a: users({ stages: [{ to: 1.5, over: '5s' }], flow }) } }, 'expected a whole number of users, got 1.5'],
    [{ load: { a: users({ stages: [{ hold: '0s' }], flow }) } }, 'the stages take no time'],
    [{ target: { url: 'ftp://x' } }, "target.url: expected an address such as 'http://127.0.0.1:8080', got 'ftp://x'"],
    [{ agents: 0 }, 'agents:'],
    [{ slos: [slo('a', { of: 'x', p99: '< 1s', p50: '< 1s' } as never)] }, 'expected exactly one of p50'],
    [{ slos: [slo('a', { of: 'x', errors: '< 400ms' })] }, "expected a limit such as '< 1%'"],
    [{ slos: [slo('a', { of: 'x', p99: '< 1s', during: 'fault:nope' })] }, "no fault is called 'nope'"],
    [
      { slos: [slo('a', { of: 'x', p99: '< 1s' }), slo('a', { of: 'y', p99: '< 1s' })] },
      "another objective is called 'a' already",
    ],
    [{ slos: [slo('a', { promql: '(((', is: '< 1' })] }, 'slos[0].promql: 1:1: unexpected ('],
    [{ slos: [slo('a', { promql: 'rate(x[2s])', is: '< 1' })] }, 'holds fewer than 4 scrapes'],
    [{ slos: [slo('a', { promql: 'x', is: '< 1', noData: 'ok' as 'pass' })] }, 'expected inconclusive, pass or fail'],
    [{ stopWhen: [{ promql: 'x', is: '> 5', for: 'ever' }] }, 'stopWhen[0].for: expected a duration'],
    [{ faults: [{ at: '55s', for: '10s', fault: kill({ node: 'gateway-1' }) }] }, 'the fault ends 1m5s after'],
    [{ faults: [{ at: '1s', for: '1s', fault: { at: 'x' } }] }, 'expected a fault such as latency({...})'],
    [
      {
        faults: [
          { at: '1s', for: '9s', fault: kill({ node: 'gateway-1' }) },
          { at: '5s', for: '9s', fault: kill({ node: 'gateway-1' }) },
        ],
      },
      "takes node:gateway-1, which 'kill' has from 1s to 10s",
    ],
  ])('refuses %j', (change, message) => {
    expect(problemsOf(change).join('\n')).toContain(message);
  });

  it('reads think times, evenly or exponentially distributed, and refuses what is none', () => {
    const planned = (extra: object) => {
      const stages = [{ to: 10, over: '1s' }];
      const people = users({ stages, flow: async () => {}, ...extra });
      return parseScenario(scenario({ name: 'x', target: 'reference', load: { people } }), context);
    };
    const think = (given: unknown) => {
      const parsed = planned({ think: given });
      return parsed.ok ? Reflect.get(parsed.plan.loads[0] ?? {}, 'think') : parsed.problems.map((each) => each.message);
    };
    expect(think('5s..15s')).toEqual({ fromMs: 5_000, toMs: 15_000 });
    expect(think('5s')).toEqual({ fromMs: 5_000, toMs: 5_000 });
    expect(think({ mean: '10s' })).toEqual({ meanMs: 10_000 });
    for (const wrong of ['0s', { mean: '0s' }, '15s..5s', '5', 5, { mean: 10 }, { mean: '1s', from: '2s' }, {}, null])
      expect(think(wrong), JSON.stringify(wrong)).toEqual([
        expect.stringContaining("expected a time above nothing, such as '5s'"),
      ]);
    const both = planned({ think: '1s', every: '2s' });
    expect(both.ok ? [] : both.problems.map((each) => each.message)).toEqual([expect.stringContaining('every')]);
  });

  it('is refused as a whole when it is none', () => {
    const parsed = parseScenario({ load: {} }, context);
    expect(parsed).toMatchObject({ ok: false, problems: [{ path: 'export default' }] });
  });

  it('cannot break a target that has no topology', () => {
    const parsed = parse(
      { faults: [{ at: '1s', for: '1s', fault: kill({ node: 'gateway-1' }) }] },
      { topology: undefined },
    );
    expect(parsed.ok ? '' : parsed.problems[0]?.message).toContain('this target has no topology');
  });
});
