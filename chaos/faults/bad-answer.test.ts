import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { bindFault } from '../catalogue.ts';
import { aim, startOwnRig } from '../testing/fault-rig.ts';
import type { Topology } from '../topology.ts';

const problemsOf = (params: object) => {
  const bound = bindFault('bad-answer', params);
  return bound.ok ? [] : bound.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe.concurrent('the fault bad-answer', () => {
  it.each([
    { answer: 429, proves: /^a->b answers 429 after [\d.]+ ms; .+ of others meanwhile$/ },
    { answer: 503, proves: /^a->b answers 503 after / },
    { answer: 'garbage', proves: /^a->b answers bytes that are no HTTP after / },
    { answer: 500, share: 0.5, proves: /^a->b answers 500 after .+ \(\d+ of 10 requests\); / },
  ])('$answer $share is proven by a question answered so, and leaves nothing behind', async ({ proves, ...params }) => {
    await using rig = await startOwnRig();
    const { proof, undone, residue, after } = await rig.live('bad-answer', { link: 'a->b', ...params });
    expect(proof).toEqual({ proven: true, evidence: expect.stringMatching(proves) });
    expect(undone).toEqual({ clean: true, evidence: 'no toxic stampede-test on a->b' });
    expect(residue).toEqual([]);
    expect(after).toEqual({
      proven: false,
      evidence: expect.stringMatching(/^a->b answers 200 after .+: no effect was seen/),
    });
  });

  it('is not proven when somebody takes its toxic away, though the other side fails by itself', async () => {
    await using rig = await startOwnRig();
    const sabotage = async () => {
      await fetch(`${rig.api}/proxies/a-%3Eb/toxics/stampede-test`, { method: 'DELETE' });
      rig.answerWith(503);
    };
    const { proof } = await rig.live('bad-answer', { link: 'a->b', answer: 503 }, { sabotage });
    expect(proof).toEqual({
      proven: false,
      evidence: expect.stringMatching(/^a->b answers 503 after .+: no effect was seen/),
    });
  });

  it('proves nothing on a link that nobody uses', async () => {
    await using rig = await startOwnRig();
    const { proof } = await rig.live('bad-answer', { link: 'a->b', answer: 429 }, { idle: true });
    expect(proof).toEqual({ proven: false, evidence: expect.stringMatching(/the link carries no traffic$/) });
  });

  it('is refused by a fault proxy that cannot answer, as the original', async () => {
    const original = createServer((_, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => original.listen(0, '127.0.0.1', resolve));
    const api = `http://127.0.0.1:${(original.address() as AddressInfo).port}`;
    const link = { name: 'a->b', from: 'a', to: 'b', protocol: 'http' as const, toxiproxy: { api, proxy: 'p' } };
    const fault = aim({ entry: api, nodes: [], links: [link], scrapes: [], stores: [] }, 'bad-answer', {
      link: 'a->b',
      answer: 429,
    });
    const applying = fault.apply({ id: 'x', forMs: 1_000, signal: AbortSignal.timeout(5_000) });
    const why = `the fault proxy at ${api} cannot answer by itself; this fault needs Stampede's own`;
    await expect(applying).rejects.toThrow(why);
    original.close();
  });

  it('is refused on what is not HTTP', () => {
    const api = 'http://127.0.0.1:1';
    const link = { name: 'a->b', from: 'a', to: 'b', protocol: 'redis' as const, toxiproxy: { api, proxy: 'p' } };
    const topology: Topology = { entry: api, nodes: [], links: [link], scrapes: [], stores: [] };
    const bound = bindFault('bad-answer', { link: 'a->b', answer: 429 });
    const problem = `link 'a->b' carries redis; this fault is for HTTP`;
    expect(bound.ok && bound.fault.resolve(topology)).toEqual({ ok: false, problem });
    const all = bindFault('bad-answer', { link: '*->b', answer: 429 });
    expect(all.ok && all.fault.resolve(topology)).toEqual({ ok: false, problem: `${problem}; add protocol=http` });
  });

  it('says what is wrong with its settings, all at once', () => {
    expect(problemsOf({ link: 'a->b', answer: 418, share: 2, rate: 1 })).toEqual([
      'answer: expected 429, 500, 502, 503, 504 or garbage, got 418',
      'share: expected at most 1, got 2',
      'rate: unknown key. There are: link, answer, share',
    ]);
  });
});
