import { z } from 'zod';
import { exchange } from '../exchange.ts';
import { showMs } from '../show.ts';
import { resolveLink } from './link.ts';
import { toxicFault, toxicFields } from './toxic-fault.ts';

const params = z.strictObject({
  link: toxicFields.link,
  afterMs: z
    .number()
    .int()
    .nonnegative()
    .max(5_000)
    .default(0)
    .describe('so long after the first data, ms, up to 5,000; at once unless told'),
  stream: toxicFields.stream,
  toxicity: toxicFields.toxicity,
});

export type ResetPeerParams = z.input<typeof params>;

/** Connections break with a reset as soon as data passes. */
export const resetPeer = toxicFault<z.output<typeof params>>({
  kind: 'reset-peer',
  about: 'Connections over a link break with a TCP reset when data passes.',
  provenBy: 'a connection through the link that is reset',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology),
  settings: ({ afterMs }) => (afterMs > 0 ? `reset after ${afterMs.toLocaleString('en-US')} ms` : 'reset'),
  toxic: async ({ afterMs }) => ({ type: 'reset_peer', attributes: { timeout: afterMs } }),

  async look({ afterMs, stream }, reach, { roundTripMs }, signal) {
    const quietMs = afterMs + Math.max(LEAST_QUIET_MS, 5 * (roundTripMs ?? 0));
    const { ended, tookMs } = await exchange(reach, { bytes: 0, stream, quietMs }, signal);
    return {
      hit: ended === 'reset',
      seen: `${HOW[ended]} after ${showMs(tookMs)}, answered in ${showMs(roundTripMs)} before`,
    };
  },
});

const HOW = {
  reset: 'resets',
  answered: 'answers',
  closed: 'closes',
  silent: 'is silent',
  refused: 'refuses',
} as const;
const LEAST_QUIET_MS = 1_000;
