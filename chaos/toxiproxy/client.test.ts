import { Toxiproxy } from 'toxiproxy-node-client';
import { expect, it } from 'vitest';
import { bytes, startRig } from './test-rig.ts';

it("serves Toxiproxy's own client for Node", async () => {
  await using rig = await startRig();
  const client = new Toxiproxy(rig.url);
  expect(await client.getVersion()).toBe('{"version": "2.12.0"}\n');

  const created = await client.createProxy({ name: 'q', listen: '127.0.0.1:0', upstream: '127.0.0.1:9' });
  expect(created.listen).toMatch(/^127\.0\.0\.1:\d+$/);
  const populated = await client.populate([{ name: 'r', listen: '127.0.0.1:0', upstream: '127.0.0.1:9' }]);
  expect(Object.keys(populated)).toEqual(['r']);
  expect(Object.keys(await client.getAll())).toEqual(['p', 'q', 'r']);

  const proxy = await client.get('p');
  const toxic = await proxy.addToxic({
    name: 'slow',
    type: 'latency',
    stream: 'downstream',
    toxicity: 1,
    attributes: { latency: 50, jitter: 0 },
  });
  expect(toxic.toJson()).toEqual({
    name: 'slow',
    type: 'latency',
    stream: 'downstream',
    toxicity: 1,
    attributes: { latency: 50, jitter: 0 },
  });
  const pair = await rig.pair();
  const startMs = performance.now();
  pair.upstream.write('x');
  await bytes(pair.client, 1);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(47);

  // The client's types ask for everything; its documentation sends attributes alone, too.
  const updated = await toxic.update({ ...toxic.toJson(), attributes: { latency: 10, jitter: 0 } });
  expect(updated.attributes).toEqual({ latency: 10, jitter: 0 });
  await updated.remove();
  await expect(proxy.getToxic('slow')).rejects.toThrow('404');

  const { listen, upstream } = proxy;
  expect((await proxy.update({ listen, upstream, enabled: false })).enabled).toBe(false);
  await client.reset();
  expect((await client.get('p')).enabled).toBe(true);
  await created.remove();
  await expect(client.get('q')).rejects.toThrow('404');
});
