import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { bytes, type Rig, startRig, until } from './test-rig.ts';

const STALLED = 4;
const BUSY = 40;

it('undoes a toxic at once while some readers do not read and others do', async () => {
  await using rig = await startRig();
  await rig.add('latency', { latency: 50 });
  const stalled = await Promise.all(Array.from({ length: STALLED }, () => stall(rig)));
  const load = new AbortController();
  const busy = Array.from({ length: BUSY }, () => keepBusy(rig, load.signal));

  const startMs = performance.now();
  await rig.remove('latency_downstream');
  const tookMs = performance.now() - startMs;
  expect(await rig.metric('toxiproxy_proxy_toxics')).toBe(0);
  // Measured: 0.01 to 0.03 s. The original never answers.
  expect(tookMs).toBeLessThan(5_000);

  load.abort();
  expect((await Promise.all(busy)).every((trips) => trips > 0)).toBe(true);
  for (const { client, sent } of stalled) expect((await bytes(client, sent)).length).toBe(sent);
}, 60_000);

/** A connection whose reader does not read, and whose sender has been brought to a stop. */
async function stall(rig: Rig): Promise<{ client: Socket; sent: number }> {
  const { client, upstream } = await rig.pair();
  let sent = 0;
  while (sent < 64_000_000) {
    sent += CHUNK.length;
    upstream.write(CHUNK);
  }
  let before = -1;
  await until('the sender is held back', async () => {
    const waiting = upstream.writableLength;
    const isHeld = waiting > 0 && waiting === before;
    before = waiting;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return isHeld;
  });
  return { client, sent };
}

/** Trips of one byte, one after the other, until told to stop; and how many there were. */
async function keepBusy(rig: Rig, signal: AbortSignal): Promise<number> {
  const { client, upstream } = await rig.pair();
  let trips = 0;
  do {
    upstream.write('x');
    await bytes(client, 1);
    trips += 1;
  } while (!signal.aborted);
  return trips;
}

const CHUNK = Buffer.alloc(1_000_000);
