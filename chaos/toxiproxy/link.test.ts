import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, rest, startRig, until } from './test-rig.ts';

const RECEIVED = 'toxiproxy_proxy_received_bytes_total';
const DOWN = { direction: 'downstream' };

describe('a connection through a proxy', () => {
  it('carries bytes both ways and keeps the other half open after a FIN', async () => {
    await using rig = await startRig();
    const { client, upstream } = await rig.pair();
    client.end('question');
    expect((await rest(upstream)).data.toString()).toBe('question');
    upstream.write('the ');
    expect((await bytes(client, 4)).toString()).toBe('the ');
    upstream.end('answer');
    expect(await rest(client)).toMatchObject({ how: 'end', data: Buffer.from('answer') });
    await until('the connection is forgotten', async () => (await rig.metric('toxiproxy_proxy_connections')) === 0);
  });

  it('passes a reset on as a reset', async () => {
    await using rig = await startRig();
    for (const [from, to] of [
      ['client', 'upstream'],
      ['upstream', 'client'],
    ] as const) {
      const pair = await rig.pair();
      pair[from].write('x');
      await bytes(pair[to], 1);
      pair[from].resetAndDestroy();
      expect((await rest(pair[to])).how).toBe('reset');
    }
    await until('the connections are forgotten', async () => (await rig.metric('toxiproxy_proxy_connections')) === 0);
  });

  it('ends with its client, though the upstream goes on sending', async () => {
    await using rig = await startRig();
    const { client, upstream } = await rig.pair();
    const sending = setInterval(() => upstream.write('still here'), 5);
    client.end();
    client.destroy();
    expect((await rest(upstream)).how).toMatch(/end|reset/);
    await until('the connection is forgotten', async () => (await rig.metric('toxiproxy_proxy_connections')) === 0);
    clearInterval(sending);
  });

  it('is closed at once when the upstream refuses', async () => {
    await using rig = await startRig();
    await rig.call('PATCH', '/proxies/p', { upstream: '127.0.0.1:1' });
    const client = connect(rig.port, '127.0.0.1');
    expect(await rest(client)).toMatchObject({ data: Buffer.alloc(0), how: 'end' });
  });

  it('is cut when its proxy is disabled, and refused until it is enabled again', async () => {
    await using rig = await startRig();
    const { client, upstream } = await rig.pair();
    await rig.call('PATCH', '/proxies/p', { enabled: false });
    await Promise.all([rest(client), rest(upstream)]);
    const refused = connect(rig.port, '127.0.0.1');
    const [error] = await once(refused, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    await rig.call('POST', '/reset');
    const again = await rig.pair();
    again.client.write('x');
    await bytes(again.upstream, 1);
  });
});

describe('a link nobody reads from', () => {
  const TOTAL = 48 * 1024 * 1024;
  const PART = Buffer.from(Uint8Array.from({ length: 256 * 1024 }, (_, at) => at % 251));

  /** Sends much more than the buffers on the way can hold, and waits until nothing moves. */
  async function stall(rig: Awaited<ReturnType<typeof startRig>>) {
    const { client, upstream } = await rig.pair();
    for (let sent = 0; sent < TOTAL; sent += PART.length) upstream.write(PART);
    let before = -1;
    let unchanged = 0;
    await until('the stream has come to a stop', async () => {
      const now = await rig.metric(RECEIVED, DOWN);
      unchanged = now === before && now > 0 ? unchanged + 1 : 0;
      before = now;
      return unchanged >= 30;
    });
    return { client, upstream, receivedBytes: before };
  }

  async function readAll(client: Awaited<ReturnType<typeof stall>>['client']): Promise<void> {
    for (let got = 0; got < TOTAL; got += PART.length) {
      const part = await bytes(client, PART.length);
      if (!part.equals(PART)) throw new Error(`expected the bytes in order, but not so after ${got} bytes`);
    }
  }

  it('holds the sender back: what waits in the proxy is bounded', async () => {
    await using rig = await startRig();
    const { client, receivedBytes } = await stall(rig);
    // The kernel's buffers towards the reader count as passed on; they are 6 MB at most by default.
    expect(receivedBytes).toBeLessThan(16 * 1024 * 1024);
    await readAll(client);
  });

  it('takes toxics, lets them go at once, and stays open to new connections', async () => {
    await using rig = await startRig();
    await rig.add('latency', { latency: 1 }, { name: 'first' });
    const { client } = await stall(rig);
    const startMs = performance.now();
    await rig.add('latency', { latency: 60_000 }, { name: 'second' });
    await rig.add('bandwidth', { rate: 1 });
    await rig.remove('first');
    await rig.remove('bandwidth_downstream');
    const other = await rig.pair();
    other.client.write('x');
    await bytes(other.upstream, 1);
    await rig.call('POST', '/reset');
    expect(performance.now() - startMs).toBeLessThan(1000);
    await readAll(client);
  });
});

describe('a stream', () => {
  const toxic = fc.oneof(
    fc.record({ type: fc.constant('noop'), attributes: fc.constant({}) }),
    fc.record({
      type: fc.constant('latency'),
      attributes: fc.record({ latency: fc.integer({ min: 0, max: 12 }), jitter: fc.integer({ min: 0, max: 8 }) }),
    }),
    fc.record({
      type: fc.constant('bandwidth'),
      attributes: fc.record({ rate: fc.integer({ min: 2000, max: 50_000 }) }),
    }),
    fc.record({
      type: fc.constant('slicer'),
      attributes: fc.record({
        average_size: fc.integer({ min: 200, max: 9000 }),
        size_variation: fc.integer({ min: 0, max: 200 }),
        delay: fc.integer({ min: 0, max: 300 }),
      }),
    }),
    fc.record({
      type: fc.constant('slow_close'),
      attributes: fc.record({ delay: fc.integer({ min: 0, max: 20 }) }),
    }),
    // Never due before it is removed, so that it holds the stream and gives it back.
    fc.record({ type: fc.constant('reset_peer'), attributes: fc.constant({ timeout: 60_000 }) }),
  );
  const stream = fc.constantFrom('upstream' as const, 'downstream' as const);
  const toxicity = fc.constantFrom(0, 0.5, 1);
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('send' as const), size: fc.integer({ min: 1, max: 90_000 }) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('add' as const), toxic, stream, toxicity }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('update' as const), which: fc.nat(), toxicity }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
  );

  it('comes out as it went in, whatever toxics come and go meanwhile', async () => {
    await using rig = await startRig({ seed: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), fc.nat(), async (steps, salt) => {
        const { client, upstream } = await rig.pair();
        upstream.pipe(upstream);
        const echoed = rest(client);
        const sent: Buffer[] = [];
        const names: string[] = [];
        for (const [at, next] of steps.entries()) {
          const chosen = 'which' in next ? names[next.which % Math.max(1, names.length)] : undefined;
          switch (next.do) {
            case 'send': {
              const chunk = Buffer.from(Uint8Array.from({ length: next.size }, (_, byte) => byte * 7 + at * 31 + salt));
              sent.push(chunk);
              client.write(chunk);
              break;
            }
            case 'add':
              names.push(`t${at}`);
              await rig.add(next.toxic.type, next.toxic.attributes, {
                name: `t${at}`,
                stream: next.stream,
                toxicity: next.toxicity,
              });
              break;
            case 'update':
              if (chosen) await rig.update(chosen, { toxicity: next.toxicity });
              break;
            case 'remove':
              if (chosen) await rig.remove(chosen);
              names.splice(names.indexOf(chosen ?? ''), chosen ? 1 : 0);
              break;
            default:
              next satisfies never;
          }
        }
        client.end();
        await rig.call('POST', '/reset');
        const { data, how } = await echoed;
        expect(how).toBe('end');
        expect(data.equals(Buffer.concat(sent)), 'bytes out are bytes in').toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
