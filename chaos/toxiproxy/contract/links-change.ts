import { setTimeout as sleep } from 'node:timers/promises';
import { bytes } from '../test-rig.ts';
import { held, type Observation, type Observations, pending, quiet, trip, whole } from './observation.ts';

const MINUTE_MS = 60_000;

/** How many of some connections a toxic that closes at the first data has hit. */
const hits = (connections: number): Pick<Observation, 'watch'> => ({
  watch: async (rig) => {
    let hit = 0;
    for (let at = 0; at < connections; at += 1) {
      const { client, upstream } = await rig.pair();
      upstream.end('x');
      if ((await whole(client)).text === '') hit += 1;
    }
    if (hit === 0) return 'none';
    return hit === connections ? 'all' : 'some';
  },
});

/** Toxicity, the order of toxics, and toxics that come and go on an open connection. */
export const CHANGE: Observations = {
  'toxicity: 0 hits nobody': { toxics: [['limit_data', {}, { toxicity: 0 }]], ...hits(10), seen: 'none' },
  'toxicity: below 0 hits nobody': { toxics: [['limit_data', {}, { toxicity: -1 }]], ...hits(10), seen: 'none' },
  'toxicity: 1 hits all': { toxics: [['limit_data', {}, { toxicity: 1 }]], ...hits(10), seen: 'all' },
  'toxicity: above 1 hits all': { toxics: [['limit_data', {}, { toxicity: 2.5 }]], ...hits(10), seen: 'all' },
  'toxicity: 0.5 hits some': { toxics: [['limit_data', {}, { toxicity: 0.5 }]], ...hits(60), seen: 'some' },
  'toxicity: is drawn again when it is changed': {
    toxics: [['latency', { latency: 300 }, { toxicity: 0 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const spared = await trip(upstream, client, 'spared');
      await rig.call('PATCH', 'toxics/latency_downstream', { toxicity: 1 });
      return [spared.text, held((await trip(upstream, client)).tookMs, 300)];
    },
    seen: ['spared', 'held'],
  },
  'toxicity: lets go of what is held when it becomes 0': {
    toxics: [['latency', { latency: MINUTE_MS }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('held');
      await quiet();
      await rig.call('PATCH', 'toxics/latency_downstream', { toxicity: 0 });
      return [(await bytes(client, 4)).toString(), (await trip(upstream, client, 'after')).text];
    },
    seen: ['held', 'after'],
  },

  'order: a stop before a limit keeps the limit from closing': {
    toxics: [['bandwidth'], ['limit_data', { bytes: 1 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('x');
      await quiet();
      return pending(client);
    },
    seen: 'nothing',
  },
  'order: a stop before a limit of 0 keeps the limit from closing': {
    toxics: [['bandwidth'], ['limit_data']],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('x');
      await quiet();
      return pending(client);
    },
    seen: 'nothing',
    original: { seen: 'over', difference: 'a stop before a limit of 0' },
  },
  'order: a limit before a stop closes': {
    toxics: [['limit_data'], ['bandwidth']],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('x');
      return whole(client);
    },
    seen: { text: '', how: 'end' },
  },
  'order: what passed a limit is delivered by a latency behind it': {
    toxics: [
      ['limit_data', { bytes: 5 }],
      ['latency', { latency: 300 }],
    ],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      upstream.write('1234567');
      return [await whole(client), held(performance.now() - startMs, 300)];
    },
    seen: [{ text: '12345', how: 'end' }, 'held'],
  },
  'order: a latency before a limit delays its closing': {
    toxics: [
      ['latency', { latency: 300 }],
      ['limit_data', { bytes: 5 }],
    ],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const startMs = performance.now();
      upstream.write('1234567');
      return [await whole(client), held(performance.now() - startMs, 300)];
    },
    seen: [{ text: '12345', how: 'end' }, 'held'],
  },
  'order: the lower of two limits counts': {
    toxics: [
      ['limit_data', { bytes: 6 }, { name: 'six' }],
      ['limit_data', { bytes: 4 }, { name: 'four' }],
    ],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('12345678');
      return whole(client);
    },
    seen: { text: '1234', how: 'end' },
  },

  'change: a toxic works on connections that are open already': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(upstream, client);
      await rig.add('latency', { latency: 300 });
      const slow = held((await trip(upstream, client)).tookMs, 300);
      await rig.call('DELETE', 'toxics/latency_downstream');
      return [slow, (await trip(upstream, client, 'after')).text];
    },
    seen: ['held', 'after'],
  },
  'change: a toxic that is added behind keeps what is held before it': {
    toxics: [['latency', { latency: 1_000 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('held');
      await sleep(50);
      await rig.add('limit_data', { bytes: 100 });
      return (await bytes(client, 4)).toString();
    },
    seen: 'held',
  },
  'change: a toxic is added behind the others and removed from between them': {
    toxics: [
      ['noop', {}, { name: 'first' }],
      ['latency', { latency: MINUTE_MS }],
      ['noop', {}, { name: 'last' }],
    ],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write('held');
      await quiet();
      const before = pending(client);
      await rig.call('DELETE', 'toxics/latency_downstream');
      return [before, (await bytes(client, 4)).toString(), (await trip(upstream, client, 'after')).text];
    },
    seen: ['nothing', 'held', 'after'],
  },
  'change: a removed limit limits nothing': {
    toxics: [['limit_data', { bytes: 5 }]],
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(upstream, client, '123');
      await rig.call('DELETE', 'toxics/limit_data_downstream');
      return (await trip(upstream, client, '4567890')).text;
    },
    seen: '4567890',
  },
  'change: a toxic whose reader does not read is removed': {
    toxics: [['latency', { latency: 100 }]],
    alone: true,
    watch: async (rig) => {
      const { upstream } = await rig.pair();
      upstream.write(Buffer.alloc(40_000_000));
      await sleep(1_000);
      return Promise.race([
        rig.call('DELETE', 'toxics/latency_downstream').then(
          () => 'removed',
          () => 'removed with an error',
        ),
        sleep(4_000, 'no answer in 4 s'),
      ]);
    },
    seen: 'removed',
    original: { seen: 'no answer in 4 s', difference: 'removal with a stalled reader' },
  },
};
