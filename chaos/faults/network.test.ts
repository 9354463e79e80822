import { describe, expect, it } from 'vitest';
import { startOwnRig } from '../testing/fault-rig.ts';
import { TOXIC_FAULTS } from '../testing/network-cases.ts';
import { setEnabled } from '../toxiproxy-client.ts';

const removeToxic = async (api: string) => {
  await fetch(`${api}/proxies/a-%3Eb/toxics/stampede-test`, { method: 'DELETE' });
};

const enableProxy = async (api: string) => {
  await setEnabled(api, 'a->b', true, AbortSignal.timeout(2_000));
};

const target = (kind: string) => (kind === 'slow-shard' ? { shard: 'b' } : { link: 'a->b' });

describe.concurrent.each(TOXIC_FAULTS)('the fault $kind $params', ({ kind, params, proves, misses }) => {
  it('is proven by what is measured, and leaves nothing behind', async () => {
    await using rig = await startOwnRig();
    const { proof, undone, residue, after } = await rig.live(kind, { ...target(kind), ...params });
    expect(proof).toEqual({ proven: true, evidence: expect.stringMatching(proves) });
    expect(undone).toEqual({ clean: true, evidence: 'no toxic stampede-test on a->b' });
    expect(residue).toEqual([]);
    expect(after).toEqual({ proven: false, evidence: expect.stringMatching(misses) });
  });

  it('is not proven when somebody takes its toxic away', async () => {
    await using rig = await startOwnRig();
    const sabotage = () => removeToxic(rig.api);
    const { proof, undone } = await rig.live(kind, { ...target(kind), ...params }, { sabotage });
    expect(proof).toEqual({ proven: false, evidence: expect.stringMatching(misses) });
    expect(undone.clean).toBe(true);
  });
});

describe.concurrent('a toxic on a link', () => {
  it('that hits a share of the connections is seen on some of several', async () => {
    await using rig = await startOwnRig();
    const { proof } = await rig.live('latency', { link: 'a->b', latencyMs: 100, toxicity: 0.5 });
    expect(proof.evidence).toMatch(/\((\d|10) of 10 connections\); /);
    expect(proof.proven).toBe(true);
  });

  it('that hits few of the connections is seen for all that, though hardly ever twice in a row', async () => {
    await using rig = await startOwnRig();
    const { proof } = await rig.live('latency', { link: 'a->b', latencyMs: 50, toxicity: 0.03 });
    expect(proof.evidence).toMatch(/of 16 connections\); /);
    expect(proof.proven).toBe(true);
  });

  it('proves nothing on a link that nobody uses', async () => {
    await using rig = await startOwnRig();
    const { proof } = await rig.live('reset-peer', { link: 'a->b' }, { idle: true });
    expect(proof).toEqual({ proven: false, evidence: expect.stringMatching(/the link carries no traffic$/) });
  });

  it('ends by itself when nobody undoes it', async () => {
    await using rig = await startOwnRig();
    let leftMs: number | undefined;
    const sabotage = async () => {
      const answer = await fetch(`${rig.api}/proxies/a-%3Eb`);
      leftMs = JSON.parse(await answer.text()).toxics[0].leftMs;
    };
    await rig.live('timeout', { link: 'a->b' }, { sabotage });
    expect(leftMs).toBeGreaterThan(60_000);
    expect(leftMs).toBeLessThanOrEqual(70_000);
  });

  it('is not proven when its proxy is deleted meanwhile', async () => {
    await using rig = await startOwnRig();
    const sabotage = async () => {
      await fetch(`${rig.api}/proxies/a-%3Eb`, { method: 'DELETE' });
    };
    const { proof, undone, residue } = await rig.live('latency', { link: 'a->b', latencyMs: 50 }, { sabotage });
    expect(proof).toEqual({ proven: false, evidence: 'the proxy of a->b is gone' });
    expect(undone.clean).toBe(true);
    expect(residue).toEqual(['a->b has no proxy any more']);
  });
});

describe.concurrent.each([
  { kind: 'down', where: { link: 'a->b' } },
  { kind: 'broker-down', where: { broker: 'b' } },
])('the fault $kind', ({ kind, where }) => {
  it('is proven by a refused connection on a link that was used', async () => {
    await using rig = await startOwnRig();
    const { proof, undone, residue, after } = await rig.live(kind, where);
    expect(proof).toEqual({
      proven: true,
      evidence: expect.stringMatching(/^a->b refuses connections; [\d,]+ bytes of others before$/),
    });
    expect(undone).toEqual({ clean: true, evidence: 'a->b is enabled' });
    expect(residue).toEqual([]);
    expect(after).toEqual({ proven: false, evidence: 'a->b still accepts connections' });
  });

  it('is not proven when somebody enables the proxy', async () => {
    await using rig = await startOwnRig();
    const sabotage = () => enableProxy(rig.api);
    const { proof } = await rig.live(kind, where, { sabotage });
    expect(proof).toEqual({ proven: false, evidence: 'a->b still accepts connections' });
  });
});

describe.concurrent('the fault flapping', () => {
  const params = { link: 'a->b', downMs: 150, upMs: 150 };

  it('is proven by connections refused and then accepted, and ends with its mark', async () => {
    await using rig = await startOwnRig();
    const { proof, undone, residue, after } = await rig.live('flapping', params);
    expect(proof).toEqual({
      proven: true,
      evidence: expect.stringMatching(/^a->b refused connections for about \d+ ms, then accepted them; .+ meanwhile$/),
    });
    expect(undone).toEqual({ clean: true, evidence: 'a->b is enabled, and nobody flaps it' });
    expect(residue).toEqual([]);
    expect(after).toEqual({ proven: false, evidence: expect.stringMatching(/^a->b accepted every connection for/) });
  });

  it('is not proven when somebody takes its mark away', async () => {
    await using rig = await startOwnRig();
    const sabotage = async () => {
      await removeToxic(rig.api);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await enableProxy(rig.api);
    };
    const { proof } = await rig.live('flapping', params, { sabotage });
    expect(proof).toEqual({ proven: false, evidence: expect.stringMatching(/^a->b accepted every connection for/) });
  });
});
