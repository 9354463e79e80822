import { setTimeout as sleep } from 'node:timers/promises';
import { bytes, rest } from '../test-rig.ts';
import { ends, held, type Observation, type Observations, pending, quiet, trip, whole } from './observation.ts';

const MINUTE_MS = 60_000;

/** A toxic of one stream leaves the other alone: what is sent last, the other way, comes first. */
const onlyOn = (stream: 'upstream' | 'downstream', leastMs: number): Omit<Observation, 'toxics'> => ({
  watch: async (rig) => {
    const pair = await rig.pair();
    const [from, to] = ends(pair, stream);
    const slow = trip(from, to, 'slow');
    const fast = trip(to, from, 'fast');
    const first = await Promise.race([slow, fast]);
    return [first.text, held((await slow).tookMs, leastMs)];
  },
  seen: ['fast', 'held'],
});

const passes: Pick<Observation, 'watch' | 'seen'> = {
  watch: async (rig) => {
    const { client, upstream } = await rig.pair();
    return [(await trip(client, upstream, 'up')).text, (await trip(upstream, client, 'down')).text];
  },
  seen: ['up', 'down'],
};

/** Toxics that change when data comes: latency, bandwidth, slicer; and noop. */
export const PACE: Observations = {
  'noop: passes everything': { toxics: [['noop'], ['noop', {}, { stream: 'upstream' }]], ...passes },

  'latency: holds downstream only': { toxics: [['latency', { latency: 300 }]], ...onlyOn('downstream', 300) },
  'latency: holds upstream only': {
    toxics: [['latency', { latency: 300 }, { stream: 'upstream' }]],
    ...onlyOn('upstream', 300),
  },
  'latency: reads the stream in any case': {
    toxics: [['latency', { latency: 300 }, { stream: 'UpStream' }]],
    ...onlyOn('upstream', 300),
  },
  'latency: adds up over both streams': {
    toxics: [
      ['latency', { latency: 200 }],
      ['latency', { latency: 200 }, { stream: 'upstream' }],
    ],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const up = await trip(client, upstream);
      return held(up.tookMs + (await trip(upstream, client)).tookMs, 400);
    },
    seen: 'held',
  },
  'latency: adds up over two toxics': {
    toxics: [
      ['latency', { latency: 150 }, { name: 'one' }],
      ['latency', { latency: 150 }, { name: 'two' }],
    ],
    ...onlyOn('downstream', 300),
  },
  'latency: spreads within its jitter': {
    toxics: [['latency', { latency: 60, jitter: 50 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const tookMs: number[] = [];
      for (let at = 0; at < 20; at += 1) tookMs.push((await trip(upstream, client)).tookMs);
      const [shortest, longest] = [Math.min(...tookMs), Math.max(...tookMs)];
      return [held(shortest, 10), shortest < 60, longest > 60];
    },
    seen: ['held', true, true],
  },
  'latency: below zero is none': { toxics: [['latency', { latency: -MINUTE_MS }]], ...passes },
  'latency: holds many chunks at once, in order': {
    toxics: [['latency', { latency: 2_000 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      for (let at = 0; at < 8; at += 1) {
        upstream.write(`${at}`);
        await sleep(10);
      }
      const text = (await bytes(client, 8)).toString();
      const tookMs = performance.now() - startMs;
      return [text, held(tookMs, 2_000), tookMs < 8_000];
    },
    seen: ['01234567', 'held', true],
  },
  'latency: holds the end with the data': {
    toxics: [['latency', { latency: 300 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      upstream.end('bye');
      const { data, how, atMs } = await rest(client);
      return [data.toString(), how, held(atMs - startMs, 300)];
    },
    seen: ['bye', 'end', 'held'],
  },
  'latency: carries megabytes whole': {
    toxics: [['latency', { latency: 50, jitter: 40 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const sent = Buffer.from(Array.from({ length: 2_000_000 }, (_, at) => (at * 31) % 251));
      upstream.end(sent);
      return (await rest(client)).data.equals(sent);
    },
    seen: true,
  },
  'latency: lets go, in order, when it is removed': {
    toxics: [['latency', { latency: MINUTE_MS }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      for (const part of ['one ', 'two ', 'three']) {
        upstream.write(part);
        await sleep(20);
      }
      await quiet();
      const before = pending(client);
      await rig.call('DELETE', 'toxics/latency_downstream');
      return [before, (await bytes(client, 13)).toString(), (await trip(upstream, client, 'after')).text];
    },
    seen: ['nothing', 'one two three', 'after'],
  },
  'latency: lets go when its proxy is reset': {
    toxics: [['latency', { latency: MINUTE_MS }]],
    alone: true,
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('held');
      await quiet();
      await rig.call('POST', '/reset');
      return (await bytes(client, 4)).toString();
    },
    seen: 'held',
  },
  'latency: takes new attributes for what comes after': {
    toxics: [['latency', { latency: MINUTE_MS }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await rig.call('PATCH', 'toxics/latency_downstream', { attributes: { latency: 200 } });
      return held((await trip(upstream, client)).tookMs, 200);
    },
    seen: 'held',
  },
  'latency: takes new attributes for what it holds': {
    toxics: [['latency', { latency: MINUTE_MS }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('held');
      await quiet();
      await rig.call('PATCH', 'toxics/latency_downstream', { attributes: { latency: MINUTE_MS - 1 } });
      await quiet();
      return pending(client);
    },
    seen: 'nothing',
    original: { seen: '4 bytes', difference: 'data held during an update' },
  },

  'bandwidth: takes its time': {
    toxics: [['bandwidth', { rate: 100 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      upstream.write(Buffer.alloc(60_000));
      await bytes(client, 60_000);
      return held(performance.now() - startMs, 500);
    },
    seen: 'held',
  },
  'bandwidth: takes its time upstream': {
    toxics: [['bandwidth', { rate: 100 }, { stream: 'upstream' }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      client.end(Buffer.alloc(60_000));
      const { data, atMs } = await rest(upstream);
      return [data.length, held(atMs - startMs, 500)];
    },
    seen: [60_000, 'held'],
  },
  'bandwidth: trickles, the first piece does not wait for the rest': {
    toxics: [['bandwidth', { rate: 1 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      upstream.write(Buffer.alloc(30_000));
      await bytes(client, 100);
      return held(performance.now() - startMs, 90);
    },
    seen: 'held',
  },
  'bandwidth: stops everything at 0, and lets go when it is removed': {
    toxics: [['bandwidth', { rate: 0 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('one');
      await quiet();
      const before = pending(client);
      const other = (await trip(client, upstream, 'up')).text;
      await rig.call('DELETE', 'toxics/bandwidth_downstream');
      return [before, other, (await bytes(client, 3)).toString()];
    },
    seen: ['nothing', 'up', 'one'],
  },
  'bandwidth: goes on from 0 when it is given a rate': {
    toxics: [['bandwidth', { rate: 0 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('one');
      await quiet();
      const before = pending(client);
      await rig.call('PATCH', 'toxics/bandwidth_downstream', { attributes: { rate: 1_000 } });
      return [before, (await bytes(client, 3)).toString(), (await trip(upstream, client, 'two')).text];
    },
    seen: ['nothing', 'one', 'two'],
    original: { seen: 'not asked', difference: 'a rate that changes under way' },
  },

  'slicer: sends slices apart': {
    toxics: [['slicer', { average_size: 10, delay: 20_000 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      // Halved until it is at most 10: sixteen slices, fifteen pauses between them.
      const sent = Array.from({ length: 100 }, (_, at) => String.fromCharCode(33 + (at % 90))).join('');
      upstream.write(sent);
      const came = (await bytes(client, 100)).toString();
      return [came === sent, held(performance.now() - startMs, 15 * 20 - 20)];
    },
    seen: [true, 'held'],
  },
  'slicer: never loses a byte of what it varies': {
    toxics: [['slicer', { average_size: 1_000, size_variation: 900 }, { stream: 'upstream' }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const sent = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 31) % 251));
      client.end(sent);
      return (await rest(upstream)).data.equals(sent);
    },
    seen: true,
  },
  'slicer: leaves alone what is small': {
    toxics: [['slicer', { average_size: 100, delay: 60_000_000 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      return (await trip(upstream, client, 'small')).text;
    },
    seen: 'small',
  },
  'slicer: works upstream': {
    toxics: [['slicer', { average_size: 10, delay: 20_000 }, { stream: 'upstream' }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      client.end('x'.repeat(80));
      return [await whole(upstream), held(performance.now() - startMs, 100)];
    },
    seen: [{ text: 'x'.repeat(80), how: 'end' }, 'held'],
  },
};
