import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunClock, startClock } from '../clock.ts';
import { ok } from '../load/testing-engine.ts';
import { type RawServer, rawServer } from '../load/testing-server.ts';
import { importScenario } from '../scenario/load-file.ts';
import { parseScenario } from '../scenario/parse.ts';
import { Fleet, type LostAgent } from './fleet.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A fleet of real agent processes that runs a scenario of so many users, and what it tells. */
async function fleetOf(agents: number, flow: string, users = 60) {
  const file = join(mkdtempSync(join(tmpdir(), 'stampede-fleet-')), 'scenario.ts');
  writeFileSync(
    file,
    `import { scenario, users } from '${new URL('../index.ts', import.meta.url)}';
export default scenario({
  name: 'fleet', target: { url: 'http://127.0.0.1:1' },
  load: { people: users({ stages: [{ to: ${users}, over: '100ms' }, { hold: '60s' }], flow: async (user) => { ${flow} } }) },
});`,
  );
  const server: RawServer = await rawServer(ok);
  const context = {
    file,
    agents,
    topology: undefined,
    limits: { descriptors: 20_000, ports: 28_000 },
    nonce: 'test',
    invariants: [],
    checkPromql: () => ({ ok: true, rangeMs: 0 }) as const,
  };
  const parsed = parseScenario(await importScenario(file), context);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const clock: RunClock = startClock();
  const active = new Map<number, number>();
  const lost: (LostAgent & { tMs: number })[] = [];
  const troubles = new Set<string>();
  let failedIterations = 0;
  const fleet = new Fleet({
    plan: parsed.plan,
    scenarioFile: file,
    baseUrl: server.origin,
    clock,
    onSnapshot(agent, { state, troubles: told }) {
      active.set(agent, state.active.people ?? 0);
      failedIterations = state.failedIterations;
      for (const { what } of told) troubles.add(what);
    },
    onLost(agent) {
      active.delete(agent.agent);
      lost.push({ ...agent, tMs: clock.nowMs() });
    },
    onDone: () => {},
  });
  open.push(
    async () => server[Symbol.asyncDispose](),
    () => fleet.close(),
  );
  await fleet.ready(20_000);
  fleet.start(clock.nowMs() + 200, undefined);
  return {
    fleet,
    lost,
    server,
    clock,
    troubles,
    failed: () => failedIterations,
    total: () => [...active.values()].reduce((sum, count) => sum + count, 0),
  };
}

async function until(holds: () => boolean, deadlineMs: number): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`not within ${deadlineMs} ms`);
    await sleep(20);
  }
}

describe('a fleet', () => {
  it('gives the users of an agent that was killed to the others, all of them', async () => {
    const { fleet, lost, server, clock, total } = await fleetOf(
      3,
      "await user.get('/' + user.index); await user.think('300ms');",
    );
    await until(() => total() === 60, 5_000);
    const [, victim] = fleet.pids;
    const killedMs = clock.nowMs();
    process.kill(victim ?? 0, 'SIGKILL');
    await until(() => lost.length === 1, 2_000);
    expect(lost[0]).toMatchObject({ agent: 1, reason: 'killed by SIGKILL', part: 1 / 3, handedTo: [0, 2] });
    expect((lost[0]?.tMs ?? 0) - killedMs).toBeLessThan(1_000);
    await until(() => total() === 60, 4_000);
    const before = server.requests.length;
    await sleep(1_000);
    const users = server.requests.slice(before).map((request) => /^GET \/(\d+) /.exec(request)?.[1]);
    // Everybody acts, and about three times in this second: nobody is there twice.
    expect(new Set(users).size).toBe(60);
    expect(users.length).toBeLessThan(60 * 4.5);
    fleet.stop();
    await fleet.finished;
  });

  it('gives the users of two agents that were killed one after the other to the last', async () => {
    const { fleet, lost, total } = await fleetOf(3, "await user.get('/'); await user.think('300ms');");
    await until(() => total() === 60, 5_000);
    const [first, second] = fleet.pids;
    process.kill(first ?? 0, 'SIGKILL');
    await until(() => lost.length === 1 && total() === 60, 5_000);
    process.kill(second ?? 0, 'SIGKILL');
    await until(() => lost.length === 2 && total() === 60, 5_000);
    expect(lost[1]?.part).toBeCloseTo(1 / 3 + 1 / 6, 9);
    expect(lost[1]?.handedTo).toEqual([2]);
    fleet.stop();
    await fleet.finished;
  });

  it('loses no agent to a flow that does not wait for what fails, and tells of it', async () => {
    const { fleet, lost, troubles, total } = await fleetOf(
      1,
      "user.get('/', { timeout: '1ms' }); void Promise.reject(new Error('unheard')); await user.think('300ms');",
    );
    await until(() => total() === 60 && troubles.has('failed while no flow waited for it: Error: unheard'), 8_000);
    expect(lost).toEqual([]);
    fleet.stop();
    await fleet.finished;
  });

  it('tells at the end what has failed only just before', async () => {
    const { fleet, troubles, total } = await fleetOf(
      1,
      "await user.get('/'); void Promise.reject(new Error('late')); await user.think('1h');",
    );
    await until(() => total() === 60, 5_000);
    expect([...troubles]).toEqual([]);
    fleet.stop();
    await fleet.finished;
    expect([...troubles]).toEqual(['failed while no flow waited for it: Error: late']);
  });

  it('counts an iteration as failed that fails while it waits', async () => {
    const { fleet, lost, failed, troubles } = await fleetOf(
      1,
      "await Promise.race([user.think('300ms'), Promise.reject(new Error('lost the race'))]);",
    );
    await until(() => failed() >= 120, 5_000);
    expect([...troubles]).toEqual(['flow people: Error: lost the race']);
    expect(lost).toEqual([]);
    fleet.stop();
    await fleet.finished;
  });

  it('gives up an agent whose flow never awaits anything, and names the flow', async () => {
    const { fleet, lost } = await fleetOf(
      2,
      "await user.get('/'); if (user.index === 1 && user.iteration === 3) for (;;); await user.think('200ms');",
    );
    await until(() => lost.length === 1, 12_000);
    expect(lost[0]?.reason).toMatch(/not a word for \d+ s; .*the flow of people never awaits anything/);
    expect(lost[0]?.handedTo).toEqual([0]);
    fleet.stop();
    await fleet.finished;
  });
});
