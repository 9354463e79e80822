import { describe, expect, it } from 'vitest';
import { liveState } from '../../reports/live-fixture.ts';
import { ExpositionReader } from '../monitor/exposition.ts';
import type { Plan } from '../scenario/plan.ts';
import { FAULT_STATES, RunMetrics } from './run-metrics.ts';

const plan = {
  name: 'two-faults',
  agents: 2,
  durationMs: 60_000,
  loads: [
    {
      model: 'users',
      name: 'people',
      curve: [
        { tMs: 0, value: 0 },
        { tMs: 240_000, value: 2_400 },
      ],
      graceMs: 0,
    },
  ],
  faults: [
    {
      name: 'dead',
      kind: 'kill',
      params: { node: 'gateway-1' },
      settings: '',
      targets: ['gateway-1'],
      atMs: 0,
      forMs: 1_000,
    },
  ],
} satisfies Partial<Plan> as Pick<Plan, 'name' | 'agents' | 'durationMs' | 'loads' | 'faults'> as Plan;

const fault = { kind: 'fault', name: 'dead', fault: 'kill', target: 'gateway-1', settings: 'SIGKILL' } as const;

async function samples(metrics: RunMetrics): Promise<Map<string, number>> {
  const reader = new ExpositionReader<string>(
    ({ __name__: name, ...labels }) => `${name} ${JSON.stringify(labels)}`,
    () => {},
  );
  return new Map(reader.read(await metrics.text(), 'prometheus').map(({ handle, value }) => [handle, value]));
}

describe('the metrics of a run', () => {
  it('tell a fault before it is there, while it is, and after', async () => {
    const metrics = new RunMetrics(plan);
    const active = 'fault_active {"fault":"dead","target":"gateway-1","kind":"kill"}';
    const seen: (number | undefined)[] = [(await samples(metrics)).get(active)];
    for (const state of ['requested', 'recorded', 'applied', 'proven', 'undo requested', 'undone', 'clean'] as const) {
      metrics.event({ tMs: 0, ...fault, state });
      seen.push((await samples(metrics)).get(active));
    }
    expect(seen).toEqual([0, 0, 0, 1, 1, 1, 0, 0]);
    const now = await samples(metrics);
    expect(now.get('stampede_fault_state {"fault":"dead","target":"gateway-1","kind":"kill"}')).toBe(
      FAULT_STATES.indexOf('clean'),
    );
    const applied = '{"fault":"dead","target":"gateway-1","kind":"kill","state":"applied"}';
    expect(now.get(`stampede_fault_transitions_total ${applied}`)).toBe(1);
  });

  it('tell the live state, and nothing of what is not known', async () => {
    const metrics = new RunMetrics(plan);
    expect([...(await samples(metrics)).keys()].filter((name) => /slo|offered|validity/.test(name))).toEqual([]);
    metrics.live(liveState());
    const now = await samples(metrics);
    const { traffic, promises, generator, loadFromMs, tMs } = liveState();
    const offered = (traffic.offeredPerSec ?? 0) + (traffic.droppedPerSec ?? 0);
    expect(now.get('stampede_offered_per_second {}')).toBe(offered);
    expect(now.get('stampede_achieved_per_second {}')).toBe(traffic.donePerSec);
    expect(now.get('stampede_validity_ok {}')).toBe(generator.unfit === null ? 1 : 0);
    expect(now.get('stampede_planned_users {"load":"people"}')).toBeCloseTo((tMs - (loadFromMs ?? 0)) / 100, 6);
    for (const { name, outcome } of promises) {
      const ok = outcome === null ? undefined : outcome === 'passed' ? 1 : 0;
      expect(now.get(`stampede_slo_ok {"slo":"${name}"}`), name).toBe(ok);
    }
  });

  it('count alerts that are firing, whoever told them', async () => {
    const metrics = new RunMetrics(plan);
    const alert = { tMs: 0, kind: 'alert', alert: 'A', annotations: {}, via: 'alertmanager' } as const;
    const firing = async () =>
      (await samples(metrics)).get('stampede_alerts_firing {"alert":"A","via":"alertmanager"}');
    metrics.event({ ...alert, state: 'firing', labels: { node: 'x' } });
    metrics.event({ ...alert, state: 'firing', labels: { node: 'y' } });
    expect(await firing()).toBe(2);
    metrics.event({ ...alert, state: 'resolved', labels: { node: 'x' } });
    metrics.event({ ...alert, state: 'resolved', labels: { node: 'y' } });
    expect(await firing()).toBe(0);
  });

  it('go on counting when an agent is lost or counts anew', async () => {
    const metrics = new RunMetrics(plan);
    const generator = { kind: 'generator', active: {}, inFlight: 0, sockets: 0, requests: 0, iterations: 0 } as const;
    const health = { failedIterations: 0, cpu: 0, loopLagP99Ms: 0, rssBytes: 0, gcMaxMs: 0, gcTotalMs: 0 };
    const own = { latenessP99Ms: null, lateness: '' };
    const drop = (agent: number, dropped: number) =>
      metrics.event({ tMs: 0, ...generator, ...health, ...own, agent, dropped });
    drop(0, 5);
    drop(1, 2);
    drop(0, 7);
    expect((await samples(metrics)).get('stampede_dropped_starts_total {}')).toBe(9);
  });
});
