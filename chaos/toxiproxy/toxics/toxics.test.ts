import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../random.ts';
import { bytes, rest, startRig, until } from '../test-rig.ts';
import { sliceSizes } from './slicer.ts';

/** A timer never fires early by more than its grain; a busy machine makes it late. */
const EARLY_MS = 3;
const LATE_MS = 400;

/** Milliseconds until a byte sent at one end is read at the other. */
async function tripMs(from: Socket, to: Socket): Promise<number> {
  const startMs = performance.now();
  from.write('x');
  await bytes(to, 1);
  return performance.now() - startMs;
}

/** The fastest of some trips: what a busy machine adds is not the toxic's. */
async function bestTripMs(from: Socket, to: Socket): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let trip = 0; trip < 5; trip += 1) best = Math.min(best, await tripMs(from, to));
  return best;
}

describe('latency', () => {
  it('delays one direction by 100 ms, within 30 ms, and leaves the other alone', async () => {
    await using rig = await startRig();
    await rig.add('latency', { latency: 100 });
    const { client, upstream } = await rig.pair();
    const delayedMs = await bestTripMs(upstream, client);
    expect(delayedMs).toBeGreaterThanOrEqual(100 - EARLY_MS);
    expect(delayedMs).toBeLessThan(130);
    expect(await bestTripMs(client, upstream)).toBeLessThan(50);
  });

  it('delays the upstream direction when told so', async () => {
    await using rig = await startRig();
    await rig.add('latency', { latency: 60 }, { stream: 'upstream' });
    const { client, upstream } = await rig.pair();
    expect(await bestTripMs(client, upstream)).toBeGreaterThanOrEqual(60 - EARLY_MS);
    expect(await bestTripMs(upstream, client)).toBeLessThan(50);
  });

  it('spreads delays over latency plus and minus jitter and keeps the order', async () => {
    await using rig = await startRig({ seed: 1 });
    await rig.add('latency', { latency: 40, jitter: 30 });
    const { client, upstream } = await rig.pair();
    const tripsMs: number[] = [];
    for (let trip = 0; trip < 15; trip += 1) tripsMs.push(await tripMs(upstream, client));
    expect(Math.min(...tripsMs)).toBeGreaterThanOrEqual(10 - EARLY_MS);
    expect(Math.min(...tripsMs)).toBeLessThan(35);
    expect(Math.max(...tripsMs)).toBeGreaterThan(45);
  });

  it('holds many chunks at once: the second does not wait for the first to be over', async () => {
    await using rig = await startRig();
    await rig.add('latency', { latency: 100 });
    const { client, upstream } = await rig.pair();
    const startMs = performance.now();
    for (let chunk = 0; chunk < 10; chunk += 1) {
      upstream.write(`${chunk}`);
      await sleep(2);
    }
    expect((await bytes(client, 10)).toString()).toBe('0123456789');
    expect(performance.now() - startMs).toBeLessThan(100 + 20 + LATE_MS);
  });

  it('adds up over two toxics', async () => {
    await using rig = await startRig();
    await rig.add('latency', { latency: 30 }, { name: 'one' });
    await rig.add('latency', { latency: 40 }, { name: 'two' });
    const { client, upstream } = await rig.pair();
    expect(await bestTripMs(upstream, client)).toBeGreaterThanOrEqual(70 - 2 * EARLY_MS);
  });

  it('applies new attributes to what it holds already', async () => {
    await using rig = await startRig();
    await rig.add('latency', { latency: 60_000 });
    const { client, upstream } = await rig.pair();
    upstream.write('held');
    await until(
      'the chunk is in the proxy',
      async () => (await rig.metric(RECEIVED, { direction: 'downstream' })) === 4,
    );
    await rig.update('latency_downstream', { attributes: { latency: 1 } });
    expect((await bytes(client, 4)).toString()).toBe('held');
  });

  it('lets go of what it holds, in order, when it is removed or spares the link', async () => {
    await using rig = await startRig();
    const { client, upstream } = await rig.pair();
    for (const leave of [
      () => rig.remove('latency_downstream'),
      () => rig.update('latency_downstream', { toxicity: 0 }),
    ]) {
      await rig.add('latency', { latency: 60_000 });
      const before = await rig.metric(RECEIVED, { direction: 'downstream' });
      for (const part of ['one ', 'two ', 'three']) {
        upstream.write(part);
        await sleep(2);
      }
      await until('the chunks are in the proxy', async () => {
        return (await rig.metric(RECEIVED, { direction: 'downstream' })) === before + 13;
      });
      await leave();
      upstream.write('!');
      expect((await bytes(client, 14)).toString()).toBe('one two three!');
    }
  });

  it('delays the end of the stream with the data', async () => {
    await using rig = await startRig();
    await rig.add('latency', { latency: 80 });
    const { client, upstream } = await rig.pair();
    const startMs = performance.now();
    upstream.end('bye');
    const { data, atMs } = await rest(client);
    expect(data.toString()).toBe('bye');
    expect(atMs - startMs).toBeGreaterThanOrEqual(80 - EARLY_MS);
  });
});

describe('bandwidth', () => {
  it('passes 200 KB at 500 KB/s in 400 ms', async () => {
    await using rig = await startRig();
    await rig.add('bandwidth', { rate: 500 });
    const { client, upstream } = await rig.pair();
    const startMs = performance.now();
    upstream.write(Buffer.alloc(200_000, 'b'));
    const data = await bytes(client, 200_000);
    const tookMs = performance.now() - startMs;
    expect(data.every((byte) => byte === 'b'.charCodeAt(0))).toBe(true);
    expect(tookMs).toBeGreaterThanOrEqual(400 - EARLY_MS);
    expect(tookMs).toBeLessThan(400 + LATE_MS);
  });

  it('lets data trickle: the first piece does not wait for the whole chunk', async () => {
    await using rig = await startRig();
    await rig.add('bandwidth', { rate: 10 });
    const { client, upstream } = await rig.pair();
    const startMs = performance.now();
    upstream.write(Buffer.alloc(20_000));
    await bytes(client, 1000);
    const firstMs = performance.now() - startMs;
    expect(firstMs).toBeGreaterThanOrEqual(100 - EARLY_MS);
    expect(firstMs).toBeLessThan(100 + LATE_MS);
  });

  it('gives an idle line no credit', async () => {
    await using rig = await startRig();
    await rig.add('bandwidth', { rate: 100 });
    const { client, upstream } = await rig.pair();
    await sleep(300);
    const startMs = performance.now();
    upstream.write(Buffer.alloc(20_000));
    await bytes(client, 20_000);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(200 - EARLY_MS);
  });

  it('stops everything at rate 0, until it is changed or removed', async () => {
    await using rig = await startRig();
    await rig.add('bandwidth', { rate: 0 });
    const { client, upstream } = await rig.pair();
    upstream.write('one');
    await until(
      'the chunk is in the proxy',
      async () => (await rig.metric(RECEIVED, { direction: 'downstream' })) === 3,
    );
    expect(await rig.metric(SENT, { direction: 'downstream' })).toBe(0);
    await rig.update('bandwidth_downstream', { attributes: { rate: 1000 } });
    expect((await bytes(client, 3)).toString()).toBe('one');
    await rig.update('bandwidth_downstream', { attributes: { rate: 0 } });
    upstream.write('two');
    await until(
      'the chunk is in the proxy',
      async () => (await rig.metric(RECEIVED, { direction: 'downstream' })) === 6,
    );
    await rig.remove('bandwidth_downstream');
    expect((await bytes(client, 3)).toString()).toBe('two');
  });
});

describe('slow_close', () => {
  it('passes data at once and the end 600 ms later', async () => {
    await using rig = await startRig();
    await rig.add('slow_close', { delay: 600 });
    const { client, upstream } = await rig.pair();
    const startMs = performance.now();
    upstream.end('bye');
    await bytes(client, 3);
    expect(performance.now() - startMs).toBeLessThan(LATE_MS);
    const { how, atMs } = await rest(client);
    expect(how).toBe('end');
    expect(atMs - startMs).toBeGreaterThanOrEqual(600 - EARLY_MS);
    expect(atMs - startMs).toBeLessThan(600 + LATE_MS);
  });

  it('closes at once when it is removed', async () => {
    await using rig = await startRig();
    await rig.add('slow_close', { delay: 60_000 });
    const { client, upstream } = await rig.pair();
    upstream.end('bye');
    await bytes(client, 3);
    await rig.remove('slow_close_downstream');
    expect((await rest(client)).how).toBe('end');
  });
});

describe('timeout', () => {
  it('drops all data and closes both sides that long after the last of it', async () => {
    await using rig = await startRig();
    await rig.add('timeout', { timeout: 150 });
    const { client, upstream } = await rig.pair();
    let lastMs = 0;
    for (let chunk = 0; chunk < 4; chunk += 1) {
      upstream.write('dropped');
      lastMs = performance.now();
      await sleep(50);
    }
    const [{ data, how, atMs }] = await Promise.all([rest(client), rest(upstream)]);
    expect(data.length).toBe(0);
    expect(how).toBe('end');
    expect(atMs - lastMs).toBeGreaterThanOrEqual(150 - EARLY_MS);
    expect(atMs - lastMs).toBeLessThan(150 + LATE_MS);
  });

  it('never closes at 0, and closes every link when it is removed, spared ones too', async () => {
    await using rig = await startRig();
    const { client, upstream } = await rig.pair();
    await rig.add('timeout', { timeout: 0 });
    upstream.write('dropped');
    await until(
      'the chunk is in the proxy',
      async () => (await rig.metric(RECEIVED, { direction: 'downstream' })) === 7,
    );
    await sleep(100);
    expect(client.readableLength).toBe(0);
    expect(client.destroyed).toBe(false);
    await rig.update('timeout_downstream', { toxicity: 0 });
    upstream.write('spared');
    expect((await bytes(client, 6)).toString()).toBe('spared');
    await rig.remove('timeout_downstream');
    expect((await rest(client)).how).toBe('end');
    expect((await rest(upstream)).how).toBe('end');
  });
});

describe('reset_peer', () => {
  it('resets both peers at the first data, on connections older than the toxic too', async () => {
    await using rig = await startRig();
    const { client, upstream } = await rig.pair();
    await rig.add('reset_peer');
    upstream.write('x');
    const [below, above] = await Promise.all([rest(client), rest(upstream)]);
    expect(below).toMatchObject({ how: 'reset', data: Buffer.alloc(0) });
    expect(above.how).toBe('reset');
  });

  it('waits its timeout, and resets at the end of the stream as well', async () => {
    await using rig = await startRig();
    await rig.add('reset_peer', { timeout: 120 }, { stream: 'upstream' });
    const { client, upstream } = await rig.pair();
    const startMs = performance.now();
    client.end();
    const { how, atMs } = await rest(upstream);
    expect(how).toBe('reset');
    expect(atMs - startMs).toBeGreaterThanOrEqual(120 - EARLY_MS);
  });

  it('leaves the stream whole when it is removed in time', async () => {
    await using rig = await startRig();
    await rig.add('reset_peer', { timeout: 60_000 });
    const { client, upstream } = await rig.pair();
    upstream.end('whole');
    await until(
      'the chunk is in the proxy',
      async () => (await rig.metric(RECEIVED, { direction: 'downstream' })) === 5,
    );
    await rig.remove('reset_peer_downstream');
    expect(await rest(client)).toMatchObject({ how: 'end', data: Buffer.from('whole') });
  });
});

describe('slicer', () => {
  it('cuts into about the average size, and never loses a byte', () => {
    for (const [total, average, variation] of [
      [1000, 64, 0],
      [1000, 64, 64],
      [65_536, 1000, 300],
      [5, 1, 1],
      [1, 1, 0],
    ] as const) {
      const sizes = sliceSizes(total, average, variation, seededRandom(7, 'slices'));
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(total);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(average + variation);
    }
  });

  it('sends slices apart from each other', async () => {
    await using rig = await startRig();
    await rig.add('slicer', { average_size: 10, delay: 20_000 });
    const { client, upstream } = await rig.pair();
    const sizes: number[] = [];
    client.on('data', (part: Buffer) => sizes.push(part.length));
    const startMs = performance.now();
    upstream.end(Buffer.alloc(80));
    await once(client, 'end');
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(80);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(40);
    expect(sizes.length).toBeGreaterThanOrEqual(3);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(7 * 20 - 10);
  });
});

describe('limit_data', () => {
  it('passes exactly that many bytes, then closes both sides', async () => {
    await using rig = await startRig();
    await rig.add('limit_data', { bytes: 100_000 });
    const { client, upstream } = await rig.pair();
    upstream.write(Buffer.alloc(250_000, 'l'));
    const [{ data, how }] = await Promise.all([rest(client), rest(upstream)]);
    expect(how).toBe('end');
    expect(data.length).toBe(100_000);
  });

  it('delivers what is held behind it before it closes', async () => {
    await using rig = await startRig();
    await rig.add('limit_data', { bytes: 5 });
    await rig.add('latency', { latency: 100 });
    const { client, upstream } = await rig.pair();
    const startMs = performance.now();
    upstream.write('12345678');
    const { data, how, atMs } = await rest(client);
    expect(data.toString()).toBe('12345');
    expect(how).toBe('end');
    expect(atMs - startMs).toBeGreaterThanOrEqual(100 - EARLY_MS);
  });

  it('goes on counting when it is changed', async () => {
    await using rig = await startRig();
    await rig.add('limit_data', { bytes: 10 });
    const { client, upstream } = await rig.pair();
    upstream.write('123456');
    await bytes(client, 6);
    await rig.update('limit_data_downstream', { attributes: { bytes: 8 } });
    upstream.write('7890');
    expect((await rest(client)).data.toString()).toBe('78');
  });
});

describe('toxicity', () => {
  /** Which of some connections a latency toxic of toxicity 0.5 hits. */
  async function hits(seed: number): Promise<boolean[]> {
    await using rig = await startRig({ seed });
    await rig.add('bandwidth', { rate: 0 }, { toxicity: 0.5 });
    const pattern: boolean[] = [];
    for (let connection = 0; connection < 24; connection += 1) {
      const { upstream } = await rig.pair();
      const [received, sent] = [await rig.metric(RECEIVED, DOWN), await rig.metric(SENT, DOWN)];
      upstream.write('x');
      await until('the byte is in the proxy', async () => (await rig.metric(RECEIVED, DOWN)) > received);
      pattern.push((await rig.metric(SENT, DOWN)) === sent);
    }
    return pattern;
  }

  it('hits a share of the links, the same ones with the same seed', async () => {
    const [first, again, other] = [await hits(1), await hits(1), await hits(2)];
    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
    const share = first.filter(Boolean).length / first.length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.9);
  });
});

const RECEIVED = 'toxiproxy_proxy_received_bytes_total';
const SENT = 'toxiproxy_proxy_sent_bytes_total';
const DOWN = { direction: 'downstream' };
