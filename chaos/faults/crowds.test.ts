import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { antagonistsOf } from '../antagonist/find.ts';
import { type AimedFault, bindFault } from '../catalogue.ts';
import { scanResidue } from '../residue.ts';
import { tcpTable } from '../tcp-table.ts';
import { type CrowdRig, startCrowdRig } from '../testing/crowd-rig.ts';
import { startAsking, startPages, startProgram, startSilentServer } from '../testing/crowd-scenes.ts';
import { aim } from '../testing/fault-rig.ts';
import type { Topology } from '../topology.ts';
import { undo } from '../undo.ts';
import { restAfter } from './crowd.ts';

/** Faults that are a crowd of our own beside the load. */
const soon = () => AbortSignal.timeout(15_000);
const SPOILT_MS = 4_000;
let id = '';
afterEach(async () => {
  await undo({ step: 'end-process', fault: id }, soon());
});

async function applied(fault: AimedFault) {
  id = `stampede-test-${randomUUID()}`;
  const before = { armed: {}, applied: await fault.baseline(soon()) };
  await fault.apply({ id, forMs: 60_000, signal: soon() });
  return before;
}

const signalled = (signal: NodeJS.Signals) => {
  for (const { process: found } of antagonistsOf(id)) process.kill(found.pid, signal);
};

const killed = async () => {
  signalled('SIGKILL');
  await expect.poll(() => antagonistsOf(id)).toEqual([]);
};

const connectionsTo = async (port: number) =>
  (await tcpTable(port))?.filter(({ remotePort, established }) => established && remotePort === port).length;

/** Undone, nothing of it is left: no process, no connection. */
async function isUndone(rig: CrowdRig, fault: AimedFault) {
  expect(await undo(fault.undoOf(id), soon())).toEqual({ clean: true, evidence: `no process of ${id} runs` });
  expect(await scanResidue(rig.topology, soon())).toEqual([]);
  await expect.poll(() => connectionsTo(rig.port), { timeout: 10_000 }).toBe(0);
}

const GONE = { proven: false, evidence: 'the crowd has gone home: its process has ended' };

describe('the fault slow-readers', () => {
  const params = { connections: 20, bytesPerSec: 50 };

  it('is proven by what waits in the server for its readers, and is undone', async () => {
    await using rig = await startCrowdRig(20_000);
    const fault = aim(rig.topology, 'slow-readers', params);
    const before = await applied(fault);
    expect(await fault.prove(before, soon())).toEqual({
      proven: true,
      evidence: expect.stringMatching(
        /^entry waits for \d+ of 20 readers: [\d,]+ KB in its send queues, [\d,]+ KB unread$/,
      ),
    });
    expect(await scanResidue(rig.topology, soon())).toEqual([
      expect.stringMatching(`^slow-readers of ${id} still runs`),
    ]);
    await isUndone(rig, fault);
    expect(await fault.prove(before, soon())).toEqual(GONE);
  });

  it('is proven by what is unread where the server is out of sight, and says so', async () => {
    await using rig = await startCrowdRig(20_000);
    const fault = aim(rig.outOfSight, 'slow-readers', params);
    const before = await applied(fault);
    expect(await fault.prove(before, soon())).toEqual({
      proven: true,
      evidence: expect.stringMatching(
        /^entry waits for \d+ of 20 readers: its send queues are out of sight, [\d,]+ KB unread$/,
      ),
    });
  });

  it('come back when the server closes on them', async () => {
    await using rig = await startCrowdRig(20_000);
    const fault = aim(rig.topology, 'slow-readers', params);
    const before = await applied(fault);
    expect((await fault.prove(before, soon())).proven).toBe(true);
    rig.cut();
    expect((await fault.prove(before, AbortSignal.timeout(300))).proven).toBe(false);
    await expect.poll(() => rig.taken(), { timeout: 15_000 }).toBe(2 * params.connections);
    expect((await fault.prove(before, soon())).proven).toBe(true);
  });

  it('is not proven when answers are so small that nothing waits in the server', async () => {
    await using rig = await startCrowdRig(10);
    const fault = aim(rig.topology, 'slow-readers', { ...params, ahead: 4 });
    const before = await applied(fault);
    expect(await fault.prove(before, AbortSignal.timeout(SPOILT_MS))).toEqual({
      proven: false,
      evidence: expect.stringMatching(/^entry waits for 0 of 20 readers: 0 KB in its send queues/),
    });
  });

  it('is not proven when its process has ended', async () => {
    await using rig = await startCrowdRig(20_000);
    const fault = aim(rig.topology, 'slow-readers', params);
    const before = await applied(fault);
    await killed();
    expect(await fault.prove(before, soon())).toEqual(GONE);
  });
});

describe('the fault hot-key', () => {
  const params = { path: '/v1/products/1', perSec: 100 };

  it("is proven by the target's own count of requests, and is undone", async () => {
    await using rig = await startCrowdRig(100);
    const fault = aim(rig.topology, 'hot-key', params);
    const before = await applied(fault);
    expect(await fault.prove(before, soon())).toEqual({
      proven: true,
      evidence: expect.stringMatching(/^shop answers \d+ requests\/s, at most 0 before; the crowd has \d+ answers\/s$/),
    });
    await isUndone(rig, fault);
    const asked = rig.asked();
    expect(await fault.prove(before, soon())).toEqual(GONE);
    expect(rig.asked()).toBe(asked);
  });

  it('is proven beside a load', async () => {
    await using rig = await startCrowdRig(100);
    await using _ = startAsking(`http://127.0.0.1:${rig.port}/v1/products`, 100);
    const fault = aim(rig.topology, 'hot-key', { ...params, perSec: 300 });
    const before = await applied(fault);
    expect(await fault.prove(before, soon())).toEqual({
      proven: true,
      evidence: expect.stringMatching(
        /^shop answers \d+ requests\/s, at most \d+ before; the crowd has \d+ answers\/s$/,
      ),
    });
  });

  it('is not proven when its process stands still, at first and later', async () => {
    await using rig = await startCrowdRig(100);
    const fault = aim(rig.topology, 'hot-key', params);
    const before = await applied(fault);
    await expect.poll(() => rig.asked(), { timeout: 10_000 }).toBeGreaterThan(0);
    signalled('SIGSTOP');
    const evidence = 'shop answers 0 requests/s, at most 0 before; the crowd has 0 answers/s';
    // The first look may still see what was asked before.
    await fault.prove(before, AbortSignal.timeout(SPOILT_MS));
    expect(await fault.prove(before, AbortSignal.timeout(SPOILT_MS))).toEqual({ proven: false, evidence });
    const later = { ...before, proven: true as const };
    expect(await fault.prove(later, AbortSignal.timeout(SPOILT_MS))).toEqual({ proven: false, evidence });
  });

  it('is not proven by the load around it when its process stands still, at first and later', async () => {
    await using rig = await startCrowdRig(100);
    const fault = aim(rig.topology, 'hot-key', params);
    const before = await applied(fault);
    await expect.poll(() => rig.asked(), { timeout: 10_000 }).toBeGreaterThan(0);
    signalled('SIGSTOP');
    // What it did until now is over; and then others come.
    await sleep(1_500);
    await using _ = startAsking(`http://127.0.0.1:${rig.port}/v1/products`, 500);
    const evidence = expect.stringMatching(
      /^shop answers \d+ requests\/s, at most 0 before; the crowd has 0 answers\/s$/,
    );
    expect(await fault.prove(before, AbortSignal.timeout(SPOILT_MS))).toEqual({ proven: false, evidence });
    const later = { ...before, proven: true as const };
    expect(await fault.prove(later, AbortSignal.timeout(SPOILT_MS))).toEqual({ proven: false, evidence });
  });

  it('is not proven by what a page has counted in its life, when it answers at one of two looks only', async () => {
    await using rig = await startCrowdRig(100);
    await using pages = await startPages({ steady: () => 5, flapping: (look) => (look % 2 === 1 ? undefined : 1e6) });
    const fault = aim({ ...rig.topology, scrapes: pages.scrapes }, 'hot-key', params);
    const before = await applied(fault);
    await expect.poll(() => rig.asked(), { timeout: 10_000 }).toBeGreaterThan(0);
    expect(await fault.prove(before, AbortSignal.timeout(SPOILT_MS))).toEqual({
      proven: false,
      evidence: expect.stringMatching(/^shop answers 0 requests\/s, at most 0 before; the crowd has \d+ answers\/s$/),
    });
  });

  it('is not proven when nobody counts', async () => {
    await using rig = await startCrowdRig(100);
    const fault = aim(rig.topology, 'hot-key', { ...params, counter: 'requests_total' });
    const before = await applied(fault);
    expect(await fault.prove(before, AbortSignal.timeout(SPOILT_MS))).toEqual({
      proven: false,
      evidence: 'no page of metrics has requests_total',
    });
  });
});

describe('the fault thundering-herd', () => {
  const params = { connections: 200, path: '/v1/products' };

  it('is proven by connections that the server has accepted, asks once, and is undone', async () => {
    await using rig = await startCrowdRig(100);
    const fault = aim(rig.topology, 'thundering-herd', params);
    expect(fault.lasts).toBe(false);
    const before = await applied(fault);
    expect(await fault.prove(before, soon())).toEqual({
      proven: true,
      evidence: expect.stringMatching(/^entry accepted \d+ and answered \d+ of 200 connections within [\d,.]+ ms$/),
    });
    await expect.poll(() => rig.asked(), { timeout: 10_000 }).toBe(200);
    await isUndone(rig, fault);
  });

  it('is proven at a server that answers and closes at once', async () => {
    await using rig = await startCrowdRig(100, { closes: true });
    // So that nobody is there for long, and few when somebody looks.
    const fault = aim(rig.topology, 'thundering-herd', { ...params, withinMs: 2_000 });
    const before = await applied(fault);
    expect(await fault.prove(before, soon())).toEqual({
      proven: true,
      evidence: expect.stringMatching(/^entry accepted \d+ and answered \d+ of 200 connections within /),
    });
  });

  it('is proven by answers alone where the server is out of sight, and says so', async () => {
    await using rig = await startCrowdRig(100);
    const fault = aim(rig.outOfSight, 'thundering-herd', params);
    const before = await applied(fault);
    expect(await fault.prove(before, soon())).toEqual({
      proven: true,
      evidence: expect.stringMatching(
        /^entry answered 200 of 200 connections within [\d,.]+ m?s; whether its own process accepted them is out of sight$/,
      ),
    });
  });

  it.each([
    ['has no process of', undefined],
    ['has another process for', 'sleep'],
  ])('is not proven by a proxy that accepts whoever comes, when the topology %s the server', async (_, program) => {
    using server = program === undefined ? undefined : startProgram(program, '60');
    await using rig = await startSilentServer(server?.pid);
    const fault = aim(rig.topology, 'thundering-herd', params);
    const before = await applied(fault);
    expect(await fault.prove(before, AbortSignal.timeout(SPOILT_MS))).toEqual({
      proven: false,
      evidence: 'entry answered 0 of 200 connections; whether its own process accepted them is out of sight',
    });
    expect(rig.taken()).toBe(200);
  });

  it('is proven by what the server has accepted, before any answer', async () => {
    await using rig = await startSilentServer(process.pid);
    const fault = aim(rig.topology, 'thundering-herd', params);
    const before = await applied(fault);
    expect(await fault.prove(before, soon())).toEqual({
      proven: true,
      evidence: expect.stringMatching(/^entry accepted 200 and answered 0 of 200 connections within /),
    });
  });

  it('is not proven when nobody is let in', async () => {
    await using rig = await startCrowdRig(100);
    const fault = aim(rig.topology, 'thundering-herd', params);
    await rig.close();
    const before = await applied(fault);
    expect(await fault.prove(before, AbortSignal.timeout(SPOILT_MS))).toEqual({
      proven: false,
      evidence: 'entry answered 0 of 200 connections; whether its own process accepted them is out of sight',
    });
  });

  it('is not proven when its process has ended', async () => {
    await using rig = await startCrowdRig(100);
    const fault = aim(rig.topology, 'thundering-herd', params);
    const before = await applied(fault);
    await killed();
    expect(await fault.prove(before, soon())).toEqual(GONE);
  });
});

describe('a crowd', () => {
  it('is looked for less often where a look takes long, for a tenth of the time at most', () => {
    expect([1, 11, 12, 500].map(restAfter)).toEqual([100, 100, 108, 4_500]);
  });

  const topology = (entry: string, listens: Topology['nodes'][number]['listens']): Topology => ({
    entry,
    nodes: [{ name: 'n', role: 'r', by: { pid: 1 }, ...(listens ? { listens } : {}) }],
    links: [],
    scrapes: [],
    stores: [],
  });
  const resolved = (kind: string, params: object, of: Topology) => {
    const bound = bindFault(kind, params);
    return bound.ok ? bound.fault.resolve(of) : bound;
  };
  const herd = { connections: 1 };

  it('goes to the entry, or to a node of this machine that takes HTTP', () => {
    const at = (address: string, protocol: 'http' | 'redis' = 'http') =>
      resolved('thundering-herd', { ...herd, node: 'n' }, topology('http://127.0.0.1:1', { address, protocol }));
    expect(at('127.0.0.1:8080')).toMatchObject({ ok: true, targets: [{ target: 'n' }] });
    expect(at('127.0.0.1:6379', 'redis')).toEqual({ ok: false, problem: "node 'n' takes no HTTP (listens)" });
    expect(at('192.0.2.1:80')).toEqual({
      ok: false,
      problem: "node 'n' is at 192.0.2.1:80, which is not this machine: no crowd is sent there",
    });
    expect(resolved('thundering-herd', herd, topology('https://127.0.0.1:1', undefined))).toEqual({
      ok: false,
      problem: 'the entry is https://127.0.0.1:1, and a crowd speaks plain HTTP only',
    });
    for (const made of ['proxies-of:http://127.0.0.1:8474', 'containers-of:http://127.0.0.1:2375']) {
      expect(resolved('thundering-herd', herd, topology(made, undefined))).toEqual({
        ok: false,
        problem: 'nobody has said where users of this system come in; give its topology',
      });
    }
    expect(resolved('hot-key', { path: '/', perSec: 10 }, topology('http://127.0.0.1:1', undefined))).toEqual({
      ok: false,
      problem: 'the target has no pages of metrics (scrapes), so that nobody could tell whether it is asked',
    });
  });

  it.each([
    [
      'slow-readers',
      { connections: 6_000, bytesPerSec: 0 },
      ['expected at most 5,000, got 6000', 'expected at least 1, got 0'],
    ],
    [
      'hot-key',
      { path: 'x', perSec: 9 },
      ['expected a path such as /v1/products, got "x"', 'expected at least 10, got 9'],
    ],
    ['thundering-herd', { withinMs: 9_000 }, ['expected a number, got nothing', 'expected at most 5,000, got 9000']],
  ])('says what is wrong with the settings of %s, all at once', (kind, params, messages) => {
    const bound = bindFault(kind, params);
    expect(bound.ok ? [] : bound.problems.map(({ message }) => message)).toEqual(messages);
  });
});
