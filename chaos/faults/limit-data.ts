import { z } from 'zod';
import { exchange } from '../exchange.ts';
import { showBytes } from '../show.ts';
import { resolveLink } from './link.ts';
import { toxicFault, toxicFields } from './toxic-fault.ts';

const params = z.strictObject({
  link: toxicFields.link,
  bytes: z
    .number()
    .int()
    .nonnegative()
    .max(1_000_000)
    .describe('pass on each connection before it closes, 0 to 1,000,000'),
  stream: toxicFields.stream,
  toxicity: toxicFields.toxicity,
});

export type LimitDataParams = z.input<typeof params>;

/** A connection closes after so many bytes. */
export const limitData = toxicFault<z.output<typeof params>>({
  kind: 'limit-data',
  about: 'Each connection over a link closes after a number of bytes.',
  provenBy: 'the bytes that come through before a connection is cut',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology),
  settings: ({ bytes }) => `closes after ${showBytes(bytes)}`,
  toxic: async ({ bytes }) => ({ type: 'limit_data', attributes: { bytes } }),

  async look({ bytes, stream }, reach, { roundTripMs }, signal) {
    const asked = bytes + BEYOND_BYTES;
    const { ended, receivedBytes } = await exchange(reach, { bytes: asked, stream, quietMs: QUIET_MS }, signal);
    const cut = ended === 'closed' || ended === 'reset';
    const within = stream === 'upstream' || receivedBytes <= bytes;
    return {
      hit: cut && within && roundTripMs !== undefined,
      seen:
        ended === 'answered'
          ? `carries ${showBytes(asked)} without a cut`
          : `was cut (${ended}) with ${showBytes(receivedBytes)} received of ${showBytes(asked)} ${stream === 'upstream' ? 'sent' : 'asked for'}`,
    };
  },
});

const BEYOND_BYTES = 4_000;
const QUIET_MS = 3_000;
