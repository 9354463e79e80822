import { createServer } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bytes, type Rig, rest, startRig, until } from './test-rig.ts';

const proxySchema = z.looseObject({
  enabled: z.boolean(),
  toxics: z.array(z.looseObject({ name: z.string(), ttlMs: z.number().optional() })),
  ttlMs: z.number().optional(),
  leftMs: z.number().optional(),
});

async function stateOf(rig: Rig, proxy = 'p') {
  return proxySchema.parse(JSON.parse(await rig.call('GET', `/proxies/${proxy}`)));
}

async function events(rig: Rig, since = 0) {
  const text = await rig.call('GET', `/events?since=${since}`);
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => z.looseObject({ seq: z.number(), event: z.string() }).parse(JSON.parse(line)));
}

describe('a lease', () => {
  it('takes its toxic away when nobody renews it, and lets go of what it held', async () => {
    await using rig = await startRig();
    const { client, upstream } = await rig.pair();
    const answer = await rig.call('POST', '/proxies/p/toxics', { type: 'bandwidth', name: 't', ttlMs: 150 });
    expect(JSON.parse(answer)).toMatchObject({ ttlMs: 150, leftMs: expect.any(Number) });
    upstream.write('held');
    expect((await bytes(client, 4)).toString()).toBe('held');
    expect((await stateOf(rig)).toxics).toEqual([]);
    expect(await events(rig)).toMatchObject([
      { event: 'proxy created', proxy: 'p' },
      { event: 'toxic added', toxic: { name: 't', ttlMs: 150 } },
      { event: 'lease ended', toxic: 't' },
      { event: 'toxic removed', toxic: 't', by: 'lease' },
    ]);
  });

  it('goes on as long as it is renewed, by its own call or by a change of the toxic', async () => {
    await using rig = await startRig();
    await rig.call('POST', '/proxies/p/toxics', { type: 'noop', name: 't', ttlMs: 300 });
    const startMs = performance.now();
    while (performance.now() - startMs < 600) {
      await rig.call('POST', '/proxies/p/toxics/t/lease', { ttlMs: 300 });
      await sleep(20);
      await rig.call('PATCH', '/proxies/p/toxics/t', { ttlMs: 300 });
      await sleep(20);
    }
    await rig.call('POST', '/proxies/p/toxics/t/lease', {});
    await until('the lease has ended', async () => (await stateOf(rig)).toxics.length === 0);
    await expect(rig.call('POST', '/proxies/p/toxics/t/lease', { ttlMs: 300 })).rejects.toThrow('404');
  });

  it('enables its proxy again when nobody renews it', async () => {
    await using rig = await startRig();
    const answer = await rig.call('PATCH', '/proxies/p', { enabled: false, ttlMs: 150 });
    expect(JSON.parse(answer)).toMatchObject({ enabled: false, ttlMs: 150 });
    await rig.call('POST', '/proxies/p/lease', { ttlMs: 200 });
    expect(await stateOf(rig)).toMatchObject({ enabled: false, ttlMs: 200 });
    await until('the proxy is enabled', async () => (await stateOf(rig)).enabled);
    expect((await stateOf(rig)).ttlMs).toBeUndefined();
    const { client, upstream } = await rig.pair();
    client.write('x');
    await bytes(upstream, 1);
    await expect(rig.call('POST', '/proxies/p/lease', { ttlMs: 200 })).rejects.toThrow('409');
    expect((await events(rig)).filter(({ event }) => event !== 'connections')).toMatchObject([
      { event: 'proxy created' },
      { event: 'proxy updated', enabled: false, by: 'api' },
      { event: 'lease ended' },
      { event: 'proxy updated', enabled: true, by: 'lease' },
    ]);
  });

  it('tries again when the port of its proxy is taken meanwhile', async () => {
    await using rig = await startRig();
    await rig.call('PATCH', '/proxies/p', { enabled: false, ttlMs: 50 });
    const other = createServer().listen(rig.port, '127.0.0.1');
    await until('the lease could not be lifted', async () => {
      return (await events(rig)).some(({ event, error }) => event === 'lease ended' && error !== undefined);
    });
    await new Promise((resolve) => other.close(resolve));
    await until('the proxy is enabled', async () => (await stateOf(rig)).enabled);
  });

  it('is over with what it was for: enabled by hand, removed, reset, deleted', async () => {
    await using rig = await startRig();
    await rig.call('PATCH', '/proxies/p', { enabled: false, ttlMs: 100 });
    await rig.call('PATCH', '/proxies/p', { enabled: true });
    await rig.call('PATCH', '/proxies/p', { enabled: false });
    await rig.call('POST', '/proxies/p/toxics', { type: 'noop', name: 't', ttlMs: 100 });
    await rig.remove('t');
    await rig.add('noop', {}, { name: 't' });
    await sleep(250);
    expect(await stateOf(rig)).toMatchObject({ enabled: false, toxics: [{ name: 't' }] });
    await rig.call('DELETE', '/proxies/p');
    expect((await events(rig)).filter(({ event }) => event === 'lease ended')).toEqual([]);
  });

  it('is refused with what was expected', async () => {
    await using rig = await startRig();
    await rig.add('noop', {}, { name: 't' });
    for (const [method, path, body, why] of [
      ['POST', '/proxies/p/toxics', { type: 'noop', ttlMs: 0 }, 'from 1 to 604800000, got 0'],
      ['POST', '/proxies/p/toxics', { type: 'noop', ttlMs: '5s' }, 'got \\"5s\\"'],
      ['PATCH', '/proxies/p', { ttlMs: 5 }, 'expected \\"enabled\\": false with it'],
      ['POST', '/proxies/p/toxics/t/lease', {}, 'there is no lease to renew'],
      ['POST', '/proxies/p/lease', { ttlMs: 5 }, 'proxy is enabled'],
    ] as const) {
      await expect(rig.call(method, path, body), `${method} ${path}`).rejects.toThrow(why);
    }
    expect((await stateOf(rig)).toxics).toHaveLength(1);
  });
});

describe('toxics created with their proxy', () => {
  it('are there before the first connection, when asked for', async () => {
    await using rig = await startRig();
    const body = {
      name: 'q',
      listen: '127.0.0.1:0',
      upstream: '127.0.0.1:9',
      toxics: [{ type: 'latency', name: 't' }],
    };
    await rig.call('POST', '/proxies', body);
    expect((await stateOf(rig, 'q')).toxics).toEqual([]);
    await rig.call('POST', '/proxies?toxics=apply', { ...body, name: 'r' });
    expect((await stateOf(rig, 'r')).toxics).toMatchObject([{ name: 't' }]);
  });

  it('take the place of those of a populated proxy, and of none if one of them is wrong', async () => {
    await using rig = await startRig();
    const { listen, upstream } = await stateOf(rig);
    await rig.add('noop');
    await rig.call('POST', '/populate?toxics=apply', [{ name: 'p', listen, upstream, toxics: [{ type: 'latency' }] }]);
    expect((await stateOf(rig)).toxics).toMatchObject([{ name: 'latency_downstream' }]);
    await rig.call('POST', '/populate?toxics=apply', [{ name: 'p', listen, upstream }]);
    expect((await stateOf(rig)).toxics).toHaveLength(1);
    const wrong = [
      { name: 'q', listen: '127.0.0.1:0', upstream },
      { name: 'p', listen, upstream, toxics: [{ type: 'noop' }, { type: 'noop' }] },
    ];
    await expect(rig.call('POST', '/populate?toxics=apply', wrong)).rejects.toThrow(
      'toxics[1]: toxic already exists at proxy 2',
    );
    await expect(stateOf(rig, 'q')).rejects.toThrow('404');
  });
});

describe('toxicity per request', () => {
  it('is drawn for each request of one connection, and the same with the same seed', async () => {
    const pattern = async (seed: number) => {
      await using rig = await startRig({ seed });
      await rig.call('POST', '/proxies/p/toxics', {
        type: 'latency',
        attributes: { latency: 60_000 },
        toxicity: 0.5,
        per: 'request',
      });
      const { client, upstream } = await rig.pair();
      const counted = (what: string) => rig.metric(`toxiproxy_proxy_${what}_bytes_total`, { direction: 'downstream' });
      const hit: boolean[] = [];
      for (let request = 1; request <= 30; request += 1) {
        // Lets go of what the toxic holds of the last one.
        client.write('question');
        await bytes(upstream, 8);
        upstream.write('the answer');
        await until('the answer is there', async () => (await counted('received')) === 10 * request);
        hit.push((await counted('sent')) < 10 * request);
      }
      return hit;
    };
    const first = await pattern(1);
    expect(first.filter(Boolean).length).toBeGreaterThan(5);
    expect(first.filter(Boolean).length).toBeLessThan(25);
    expect(await pattern(1)).toEqual(first);
  });

  it('counts limits from each request on', async () => {
    await using rig = await startRig();
    await rig.call('POST', '/proxies/p/toxics', { type: 'limit_data', attributes: { bytes: 10 }, per: 'request' });
    const { client, upstream } = await rig.pair();
    for (let request = 0; request < 3; request += 1) {
      client.write('question');
      await bytes(upstream, 8);
      upstream.write('12345');
      await bytes(client, 5);
    }
    upstream.write('6789012345');
    expect((await rest(client)).data.toString()).toBe('67890');
  });
});

describe('cut_response', () => {
  it('lets the request through and loses its answer with the connection', async () => {
    await using rig = await startRig();
    await rig.call('POST', '/proxies/p/toxics', { type: 'cut_response' });
    const { client, upstream } = await rig.pair();
    client.write('do it');
    expect((await bytes(upstream, 5)).toString()).toBe('do it');
    upstream.write('done');
    expect(await rest(client)).toMatchObject({ data: Buffer.alloc(0), how: 'end' });
    expect((await rest(upstream)).how).toBe('end');
  });

  it('works on answers only', async () => {
    await using rig = await startRig();
    const upstreamOnly = { type: 'cut_response', stream: 'upstream' };
    await expect(rig.call('POST', '/proxies/p/toxics', upstreamOnly)).rejects.toThrow('works downstream only');
  });
});

describe('the log of events', () => {
  it('tells what changed since an event, and connections by the second', async () => {
    await using rig = await startRig();
    await rig.add('noop');
    await rig.update('noop_downstream', { toxicity: 0.5 });
    await rig.call('POST', '/reset');
    const socket = connect(rig.port, '127.0.0.1');
    await until('the connection is told of', async () => (await events(rig)).at(-1)?.event === 'connections');
    socket.resetAndDestroy();
    await until('its end is told of', async () => (await events(rig)).at(-1)?.open === 0);
    await rig.call('DELETE', '/proxies/p');
    const all = await events(rig);
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(all).toMatchObject([
      { event: 'proxy created', proxy: 'p', enabled: true, toxics: [] },
      { event: 'toxic added', toxic: { type: 'noop', toxicity: 1 } },
      { event: 'toxic updated', toxic: { type: 'noop', toxicity: 0.5 } },
      { event: 'toxic removed', toxic: 'noop_downstream', by: 'reset' },
      { event: 'connections', opened: 1, closed: 0, open: 1 },
      { event: 'connections', opened: 0, closed: 1, open: 0 },
      { event: 'proxy deleted', proxy: 'p' },
    ]);
    expect((await events(rig, 5)).map(({ seq }) => seq)).toEqual([6, 7]);
    await expect(rig.call('GET', '/events?since=x')).rejects.toThrow('since: expected the number of an event, got x');
  });
});
