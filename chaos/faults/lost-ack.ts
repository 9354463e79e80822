import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { exchange } from '../exchange.ts';
import { showBytes, showMs } from '../show.ts';
import { extensionsOf, trafficOf } from '../toxiproxy-client.ts';
import { resolveLink } from './link.ts';
import { toxicFault, toxicFields } from './toxic-fault.ts';

const params = z.strictObject({
  link: toxicFields.link,
  toxicity: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      'share of answers lost (of connections, at a fault proxy that cannot tell requests), above 0 up to 1; all unless told',
    ),
});

export type LostAckParams = z.input<typeof params>;

/**
 * The question gets through and is acted upon, its answer is lost: what a caller must be able to bear without doing things
 * twice. The original Toxiproxy cannot cut at the answer; there all answers are dropped and connections close a second later.
 */
export const lostAck = toxicFault<z.output<typeof params>>({
  kind: 'lost-ack',
  family: 'data',
  about: 'Questions over a link get through, their answers are lost.',
  provenBy: 'a question that the far end answered, of which nothing came back',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology),
  settings: () => 'answers lost',
  undoneBy: 'removing the toxic, which at the original Toxiproxy closes every connection that it was on',

  async toxic({ toxicity }, api, signal) {
    const { cutResponse } = await extensionsOf(api, signal);
    if (!cutResponse) return { type: 'timeout', attributes: { timeout: ORIGINAL_CLOSES_AFTER_MS } };
    return { type: 'cut_response', attributes: {}, ...(toxicity < 1 ? { per: 'request' } : {}) };
  },

  async look(_, reach, { roundTripMs }, signal) {
    const before = await trafficOf(reach.api, reach.proxy, signal);
    const quietMs = Math.max(LEAST_QUIET_MS, 5 * (roundTripMs ?? 0));
    const question = { bytes: 0, stream: 'downstream', quietMs } as const;
    const { ended, tookMs, receivedBytes } = await exchange(reach, question, signal);
    if (before?.live !== true) await sleep(COUNTED_LATE_MS);
    const after = await trafficOf(reach.api, reach.proxy, signal);
    const sent = (after?.upstreamBytes ?? 0) - (before?.upstreamBytes ?? 0);
    const came = ended === 'answered' ? `an answer after ${showMs(tookMs)}` : `nothing (${ended})`;
    return {
      hit: roundTripMs !== undefined && sent > 0 && receivedBytes === 0 && ended !== 'refused',
      seen: `took ${showBytes(sent)} of questions upstream, and ${came} came back`,
    };
  },
});

const LEAST_QUIET_MS = 500;
const ORIGINAL_CLOSES_AFTER_MS = 1_000;
const COUNTED_LATE_MS = 250;
