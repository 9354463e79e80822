import { z } from 'zod';
import { showMs } from '../show.ts';
import { timeToClose } from '../time-to-close.ts';
import { resolveLink } from './link.ts';
import { toxicFault, toxicFields } from './toxic-fault.ts';

const params = z.strictObject({
  link: toxicFields.link,
  delayMs: z
    .number()
    .int()
    .min(50)
    .max(5_000)
    .describe('how much later the end of a connection comes, ms, 50 to 5,000'),
  stream: toxicFields.stream,
  toxicity: toxicFields.toxicity,
});

export type SlowCloseParams = z.input<typeof params>;

/** Data passes as ever, but the end of a connection comes late. */
export const slowClose = toxicFault<z.output<typeof params>>({
  kind: 'slow-close',
  about: 'Data passes as ever, but the end of a connection comes delayMs later.',
  provenBy: 'the time between saying goodbye through the link and the end of the connection',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology, 'slow-close'),
  settings: ({ delayMs }) => `closes ${delayMs.toLocaleString('en-US')} ms late`,
  toxic: async ({ delayMs }) => ({ type: 'slow_close', attributes: { delay: delayMs } }),

  async look({ delayMs }, reach, _, signal) {
    const tookMs = await timeToClose(reach, delayMs * 2 + MARGIN_MS, signal);
    return {
      hit: tookMs !== undefined && tookMs >= delayMs * 0.7,
      seen: tookMs === undefined ? 'was not seen to close' : `closes ${showMs(tookMs)} after goodbye`,
    };
  },
});

const MARGIN_MS = 1_000;
