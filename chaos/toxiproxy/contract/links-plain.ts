import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { bytes, rest, until } from '../test-rig.ts';
import { knock, type Observations, over, pending, quiet, trip, whole } from './observation.ts';

/** Links without toxics, and what becomes of them when their proxy changes. */
export const PLAIN: Observations = {
  'carries megabytes both ways at once, byte for byte': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      const [up, down] = [randomBytes(3_000_000), randomBytes(3_000_000)];
      client.write(up);
      upstream.write(down);
      const [gotUp, gotDown] = await Promise.all([bytes(upstream, up.length), bytes(client, down.length)]);
      return [gotUp.equals(up), gotDown.equals(down)];
    },
    seen: [true, true],
  },
  'delivers what was sent before the end': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.end('bye');
      return whole(client);
    },
    seen: { text: 'bye', how: 'end' },
  },
  'keeps the other half of a half-closed connection': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      client.end('question');
      const question = await whole(upstream);
      upstream.end('answer');
      return [question, (await whole(client)).text];
    },
    seen: [{ text: 'question', how: 'end' }, 'answer'],
    original: { seen: [{ text: 'question', how: 'end' }, ''], difference: 'half-closed connections' },
  },
  'passes a reset of the client on': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(client, upstream);
      client.resetAndDestroy();
      return whole(upstream);
    },
    seen: { text: '', how: 'reset' },
    original: { seen: { text: '', how: 'end' }, difference: 'resets of a peer' },
  },
  'passes a reset of the upstream on': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(upstream, client);
      upstream.resetAndDestroy();
      return whole(client);
    },
    seen: { text: '', how: 'reset' },
    original: { seen: { text: '', how: 'end' }, difference: 'resets of a peer' },
  },
  'takes a client whose upstream is dead, and closes': {
    watch: async (rig) => {
      await rig.endUpstream();
      return whole(rig.connect());
    },
    seen: { text: '', how: 'end' },
  },
  'takes a client whose upstream is no address, and closes': {
    watch: async (rig) => {
      await rig.call('PATCH', '', { upstream: 'nonsense' });
      return whole(rig.connect());
    },
    seen: { text: '', how: 'end' },
  },
  'holds a sender back whose receiver does not read': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      upstream.write(Buffer.alloc(40_000_000));
      await quiet();
      const heldBack = upstream.writableLength > 0;
      return [heldBack, (await bytes(client, 40_000_000)).length];
    },
    seen: [true, 40_000_000],
  },
  'counts the bytes of a link that is over': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(client, upstream, 'question');
      upstream.end('answer');
      await rest(client);
      client.end();
      await rest(upstream);
      await until('both links are counted', async () => !(await rig.counted()).includes(undefined));
      return rig.counted();
    },
    seen: [8, 8, 6, 6],
  },
  'counts the bytes of a link that goes on': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(client, upstream, 'question');
      await trip(upstream, client, 'answer');
      return rig.counted();
    },
    seen: [8, 8, 6, 6],
    original: { seen: [undefined, undefined, undefined, undefined], difference: 'live metrics' },
  },
  'refuses and cuts connections while it is disabled': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(client, upstream);
      await rig.call('PATCH', '', { enabled: false });
      return [await over(client), await over(upstream), await knock(rig)];
    },
    seen: ['over', 'over', 'refused'],
  },
  'carries again when it is enabled, under its toxics': {
    toxics: [['limit_data', { bytes: 3 }]],
    watch: async (rig) => {
      await rig.call('PATCH', '', { enabled: false });
      await rig.call('PATCH', '', { enabled: true });
      const { client, upstream } = await rig.pair();
      upstream.write('12345');
      return whole(client);
    },
    seen: { text: '123', how: 'end' },
  },
  'cuts and refuses when it is deleted': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await trip(client, upstream);
      await rig.call('DELETE', '');
      return [await over(client), await over(upstream), await knock(rig)];
    },
    seen: ['over', 'over', 'refused'],
  },
  'leaves connections alone when nothing of it changes': {
    watch: async (rig) => {
      const { client, upstream } = await rig.pair();
      await rig.call('PATCH', '', { enabled: true, listen: `localhost:${rig.port}` });
      return [(await trip(client, upstream, 'up')).text, (await trip(upstream, client, 'down')).text];
    },
    seen: ['up', 'down'],
  },
  'cuts connections when its upstream changes, and takes new ones there': {
    watch: async (rig) => {
      const { client } = await rig.pair();
      const other = createServer((socket) => socket.end('other'));
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      const bound = other.address();
      const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
      await rig.call('PATCH', '', { upstream: `127.0.0.1:${port}` });
      const seen = [await over(client), (await whole(rig.connect())).text];
      other.close();
      return seen;
    },
    seen: ['over', 'other'],
  },
  'keeps what one connection does from another': {
    watch: async (rig) => {
      const [first, second] = [await rig.pair(), await rig.pair()];
      first.client.end('1');
      await whole(first.upstream);
      return [(await trip(second.client, second.upstream, 'up')).text, pending(second.client)];
    },
    seen: ['up', 'nothing'],
  },
};
