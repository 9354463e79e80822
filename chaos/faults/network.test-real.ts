import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultRig, startFaultRig } from '../testing/fault-rig.ts';
import { TOXIC_FAULTS } from '../testing/network-cases.ts';
import { setEnabled } from '../toxiproxy-client.ts';

/** The faults on links, at the original Toxiproxy. */
const original = process.env.TOXIPROXY_SERVER;

describe.skipIf(original === undefined)('at the original Toxiproxy', () => {
  let server: ChildProcess;
  let api: string;
  let rig: FaultRig;

  beforeAll(async () => {
    const port = await freePort();
    api = `http://127.0.0.1:${port}`;
    server = spawn(original ?? '', ['-port', String(port), '-proxy-metrics'], { stdio: 'ignore' });
    const deadlineMs = performance.now() + 10_000;
    while (
      !(await fetch(`${api}/version`).then(
        (answer) => answer.ok,
        () => false,
      ))
    ) {
      if (performance.now() > deadlineMs) throw new Error('the original did not answer within 10 s');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    rig = await startFaultRig(api);
  });

  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill();
    await gone;
  });

  const target = (kind: string) => (kind === 'slow-shard' ? { shard: 'b' } : { link: 'a->b' });

  describe.each(TOXIC_FAULTS)('the fault $kind $params', ({ kind, params, proves, misses }) => {
    it('is proven by what is measured, and leaves nothing behind', async () => {
      const { proof, undone, residue, after } = await rig.live(kind, { ...target(kind), ...params });
      expect(proof).toEqual({ proven: true, evidence: expect.stringMatching(proves) });
      expect(undone).toEqual({ clean: true, evidence: 'no toxic stampede-test on a->b' });
      expect(residue).toEqual([]);
      expect(after).toEqual({ proven: false, evidence: expect.stringMatching(misses) });
    });

    it('is not proven when somebody takes its toxic away', async () => {
      const sabotage = async () => {
        await fetch(`${api}/proxies/a->b/toxics/stampede-test`, { method: 'DELETE' });
      };
      const { proof } = await rig.live(kind, { ...target(kind), ...params }, { sabotage });
      expect(proof).toEqual({ proven: false, evidence: expect.stringMatching(misses) });
    });
  });

  it.each([
    ['down', {}, /^a->b refuses connections; .+ of others before$/],
    ['flapping', { downMs: 150, upMs: 150 }, /^a->b refused connections for about \d+ ms, then accepted them; /],
  ])('the fault %s is proven, and leaves nothing behind', async (kind, params, proves) => {
    const { proof, undone, residue, after } = await rig.live(kind, { link: 'a->b', ...params });
    expect(proof).toEqual({ proven: true, evidence: expect.stringMatching(proves) });
    expect(undone.clean).toBe(true);
    expect(residue).toEqual([]);
    expect(after.proven).toBe(false);
  });

  it('the fault down is not proven when somebody enables the proxy', async () => {
    const sabotage = async () => {
      await setEnabled(api, 'a->b', true, AbortSignal.timeout(2_000));
    };
    const { proof } = await rig.live('down', { link: 'a->b' }, { sabotage });
    expect(proof.proven).toBe(false);
  });

  it('a fault on a link that nobody uses proves nothing', async () => {
    const { proof } = await rig.live('latency', { link: 'a->b', latencyMs: 100 }, { idle: true });
    expect(proof).toEqual({ proven: false, evidence: expect.stringMatching(/the link carries no traffic$/) });
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => (bound && typeof bound === 'object' ? resolve(bound.port) : reject(new Error('no port'))));
    });
  });
}
