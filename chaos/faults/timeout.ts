import { z } from 'zod';
import { exchange } from '../exchange.ts';
import { showMs } from '../show.ts';
import { resolveLink } from './link.ts';
import { toxicFault, toxicFields } from './toxic-fault.ts';

const params = z.strictObject({
  link: toxicFields.link,
  closeAfterMs: z
    .number()
    .int()
    .nonnegative()
    .max(600_000)
    .default(0)
    .describe('connections close so long after the last data, ms, up to 600,000; 0, and they never close, unless told'),
  stream: toxicFields.stream,
  toxicity: toxicFields.toxicity,
});

export type TimeoutParams = z.input<typeof params>;

/** Data stops: connections stand, and nothing comes. */
export const timeout = toxicFault<z.output<typeof params>>({
  kind: 'timeout',
  about: 'Data stops: connections over a link stand, and nothing comes.',
  provenBy: 'a question through the link that stays without a byte of an answer',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology),
  undoneBy: 'removing the toxic, which closes every connection that it was on',
  settings: ({ closeAfterMs }) =>
    closeAfterMs > 0 ? `no data, closed after ${closeAfterMs.toLocaleString('en-US')} ms` : 'no data',
  toxic: async ({ closeAfterMs }) => ({ type: 'timeout', attributes: { timeout: closeAfterMs } }),

  async look({ closeAfterMs, stream }, reach, { roundTripMs }, signal) {
    const quietMs = Math.max(LEAST_QUIET_MS, 5 * (roundTripMs ?? 0));
    const { ended, tookMs, receivedBytes } = await exchange(reach, { bytes: 0, stream, quietMs }, signal);
    const stalled = receivedBytes === 0 && ended === 'silent' && tookMs >= quietMs / 2;
    const closed = receivedBytes === 0 && ended === 'closed' && closeAfterMs > 0 && tookMs >= closeAfterMs / 2;
    const seen =
      ended === 'answered' ? `answers in ${showMs(tookMs)}` : `sent no byte for ${showMs(tookMs)} (${ended})`;
    return {
      hit: roundTripMs !== undefined && (stalled || closed),
      seen: `${seen}, answered in ${showMs(roundTripMs)} before`,
    };
  },
});

const LEAST_QUIET_MS = 700;
