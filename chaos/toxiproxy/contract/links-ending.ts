import { setTimeout as sleep } from 'node:timers/promises';
import { bytes, rest } from '../test-rig.ts';
import { ends, held, type Observation, type Observations, over, pending, quiet, trip, whole } from './observation.ts';

const MINUTE_MS = 60_000;

/** What comes through of something that is sent on a stream, and how the stream ends. */
const sending = (text: string, stream: 'upstream' | 'downstream' = 'downstream'): Pick<Observation, 'watch'> => ({
  watch: async (rig) => {
    const [from, to] = ends(await rig.pair(), stream);
    from.write(text);
    return whole(to);
  },
});

/** Toxics that change how a connection ends: slow_close, timeout, reset_peer, limit_data. */
export const ENDING: Observations = {
  'slow_close: passes data at once, and the end later': {
    toxics: [['slow_close', { delay: 500 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      upstream.end('bye');
      const text = (await bytes(client, 3)).toString();
      const other = (await trip(client, upstream, 'still there')).text;
      const { how, atMs } = await rest(client);
      return [text, other, how, held(atMs - startMs, 500)];
    },
    seen: ['bye', 'still there', 'end', 'held'],
  },
  'slow_close: works upstream': {
    toxics: [['slow_close', { delay: 400 }, { stream: 'upstream' }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      client.end('bye');
      const { data, how, atMs } = await rest(upstream);
      return [data.toString(), how, held(atMs - startMs, 400)];
    },
    seen: ['bye', 'end', 'held'],
  },
  'slow_close: closes at once when it is removed': {
    toxics: [['slow_close', { delay: MINUTE_MS }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.end('bye');
      await bytes(client, 3);
      await quiet();
      const before = pending(client);
      await rig.call('DELETE', 'toxics/slow_close_downstream');
      return [before, await whole(client)];
    },
    seen: ['nothing', { text: '', how: 'end' }],
  },

  'timeout: drops everything at 0 and never closes': {
    toxics: [['timeout', { timeout: 0 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('dropped');
      await quiet();
      return [pending(client), (await trip(client, upstream, 'up')).text, pending(client)];
    },
    seen: ['nothing', 'up', 'nothing'],
  },
  'timeout: drops upstream only, answers pass': {
    toxics: [['timeout', { timeout: 0 }, { stream: 'upstream' }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      client.write('dropped');
      const down = (await trip(upstream, client, 'down')).text;
      await quiet();
      return [down, pending(upstream)];
    },
    seen: ['down', 'nothing'],
  },
  'timeout: closes both sides after its time': {
    toxics: [['timeout', { timeout: 300 }]],
    watch: async (rig) => {
      const startMs = performance.now();
      const { client, upstream } = await rig.pair();
      const [{ data, how, atMs }] = await Promise.all([rest(client), rest(upstream)]);
      return [data.length, how, held(atMs - startMs, 300)];
    },
    seen: [0, 'end', 'held'],
  },
  'timeout: begins again with every chunk': {
    toxics: [['timeout', { timeout: 1_000 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      let lastMs = 0;
      for (let at = 0; at < 6; at += 1) {
        await sleep(100);
        lastMs = performance.now();
        upstream.write('dropped');
      }
      const { data, how, atMs } = await rest(client);
      return [data.length, how, held(atMs - lastMs, 1_000)];
    },
    seen: [0, 'end', 'held'],
  },
  'timeout: passes the end of a stream': {
    toxics: [['timeout', { timeout: MINUTE_MS }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.end('dropped');
      return whole(client);
    },
    seen: { text: '', how: 'end' },
  },
  'timeout: closes every link when it is removed': {
    toxics: [['timeout', { timeout: 0 }]],
    watch: async (rig) => {
      const pairs = [await rig.pair(), await rig.pair()];
      await quiet();
      await rig.call('DELETE', 'toxics/timeout_downstream');
      return Promise.all(pairs.flatMap(({ client, upstream }) => [over(client), over(upstream)]));
    },
    seen: ['over', 'over', 'over', 'over'],
  },
  'timeout: closes spared links too when it is removed': {
    toxics: [['timeout', { timeout: 0 }, { toxicity: 0 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const { text } = await trip(upstream, client, 'spared');
      await rig.call('DELETE', 'toxics/timeout_downstream');
      return [text, await whole(client)];
    },
    seen: ['spared', { text: '', how: 'end' }],
  },
  'timeout: closes links when its proxy is reset': {
    toxics: [['timeout', { timeout: 0 }, { stream: 'upstream' }]],
    alone: true,
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await quiet();
      await rig.call('POST', '/reset');
      return [await over(client), await over(upstream)];
    },
    seen: ['over', 'over'],
  },

  'reset_peer: resets both peers at the first data': {
    toxics: [['reset_peer']],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('x');
      return Promise.all([whole(client), whole(upstream)]);
    },
    seen: [
      { text: '', how: 'reset' },
      { text: '', how: 'reset' },
    ],
  },
  'reset_peer: works upstream': {
    toxics: [['reset_peer', {}, { stream: 'upstream' }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      client.write('x');
      return Promise.all([whole(client), whole(upstream)]);
    },
    seen: [
      { text: '', how: 'reset' },
      { text: '', how: 'reset' },
    ],
  },
  'reset_peer: waits its time from the first data on': {
    toxics: [['reset_peer', { timeout: 400 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const other = (await trip(client, upstream, 'up')).text;
      const startMs = performance.now();
      upstream.write('x');
      const { how, atMs } = await rest(client);
      return [other, how, held(atMs - startMs, 400)];
    },
    seen: ['up', 'reset', 'held'],
  },
  'reset_peer: resets at the end of a stream': {
    toxics: [['reset_peer']],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.end();
      return whole(client);
    },
    seen: { text: '', how: 'reset' },
  },
  'reset_peer: leaves a silent connection alone': {
    toxics: [['reset_peer']],
    watch: async (rig) => {
      const { client } = await rig.pair();
      await quiet();
      return pending(client);
    },
    seen: 'nothing',
  },
  'reset_peer: resets connections older than itself': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(upstream, client);
      await rig.add('reset_peer');
      upstream.write('x');
      return whole(client);
    },
    seen: { text: '', how: 'reset' },
    original: { seen: { text: '', how: 'end' }, difference: 'whom reset_peer resets' },
  },
  'reset_peer: leaves a spared connection its normal end': {
    toxics: [['reset_peer', {}, { toxicity: 0 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(upstream, client);
      upstream.end();
      return whole(client);
    },
    seen: { text: '', how: 'end' },
    original: { seen: { text: '', how: 'reset' }, difference: 'whom reset_peer resets' },
  },

  'limit_data: passes exactly so many bytes of more': {
    toxics: [['limit_data', { bytes: 100_000 }]],
    ...sending('x'.repeat(250_000)),
    seen: { text: '100000 bytes', how: 'end' },
  },
  'limit_data: closes at exactly so many bytes': {
    toxics: [['limit_data', { bytes: 5 }]],
    ...sending('12345'),
    seen: { text: '12345', how: 'end' },
  },
  'limit_data: stays open until then': {
    toxics: [['limit_data', { bytes: 5 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const { text } = await trip(upstream, client, '1234');
      await quiet();
      const before = pending(client);
      upstream.write('56');
      return [text, before, await whole(client)];
    },
    seen: ['1234', 'nothing', { text: '5', how: 'end' }],
  },
  'limit_data: closes at the first data when it is 0': {
    toxics: [['limit_data', { bytes: 0 }]],
    ...sending('x'),
    seen: { text: '', how: 'end' },
  },
  'limit_data: closes at the first data when it is below 0': {
    toxics: [['limit_data', { bytes: -1 }]],
    ...sending('x'),
    seen: { text: '', how: 'end' },
  },
  'limit_data: works upstream': {
    toxics: [['limit_data', { bytes: 3 }, { stream: 'upstream' }]],
    ...sending('12345', 'upstream'),
    seen: { text: '123', how: 'end' },
  },
  'limit_data: goes on counting when it is changed': {
    toxics: [['limit_data', { bytes: 10 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const { text } = await trip(upstream, client, '123456');
      await rig.call('PATCH', 'toxics/limit_data_downstream', { attributes: { bytes: 8 } });
      upstream.write('7890');
      return [text, await whole(client)];
    },
    seen: ['123456', { text: '78', how: 'end' }],
  },
  'limit_data: passes more when it is raised in time': {
    toxics: [['limit_data', { bytes: 4 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(upstream, client, '123');
      await rig.call('PATCH', 'toxics/limit_data_downstream', { attributes: { bytes: 6 } });
      upstream.write('4567');
      return whole(client);
    },
    seen: { text: '456', how: 'end' },
  },
  'limit_data: closes at the next data when it is lowered below what passed': {
    toxics: [['limit_data', { bytes: 10 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(upstream, client, '123456');
      await rig.call('PATCH', 'toxics/limit_data_downstream', { attributes: { bytes: 2 } });
      await quiet();
      const before = pending(client);
      upstream.write('7');
      return [before, await whole(client)];
    },
    seen: ['nothing', { text: '', how: 'end' }],
  },
  'limit_data: counts each connection by itself': {
    toxics: [['limit_data', { bytes: 3 }]],
    watch: async (rig) => {
      const seen: string[] = [];
      for (let at = 0; at < 2; at += 1) {
        const { client, upstream } = await rig.pair();
        upstream.write('12345');
        seen.push((await whole(client)).text);
      }
      return seen;
    },
    seen: ['123', '123'],
  },
};
