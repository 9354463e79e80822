import { z } from 'zod';
import { exchange } from '../exchange.ts';
import { showBytes, showMs, showRate } from '../show.ts';
import { resolveLink } from './link.ts';
import { measureThroughput } from './throughput.ts';
import { toxicFault, toxicFields } from './toxic-fault.ts';

const params = z.strictObject({
  link: toxicFields.link,
  kbPerSec: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .describe('what a connection carries, KB/s (1 KB = 1000 bytes), 1 to 10,000'),
  stream: toxicFields.stream,
  toxicity: toxicFields.toxicity,
});

export type BandwidthParams = z.input<typeof params>;

/** Every connection over a link carries so much and no more. */
export const bandwidth = toxicFault<z.output<typeof params>>({
  kind: 'bandwidth',
  about: 'Each connection over a link carries kbPerSec and no more.',
  provenBy: 'the time that a known number of bytes takes through the link',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology, 'bandwidth'),
  settings: ({ kbPerSec }) => `${kbPerSec.toLocaleString('en-US')} KB/s`,
  toxic: async ({ kbPerSec }) => ({ type: 'bandwidth', attributes: { rate: kbPerSec } }),
  baseline: measureThroughput,

  async look({ kbPerSec, stream }, reach, { bytesPerSec }, signal) {
    const bytes = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, kbPerSec * MEASURE_MS));
    const { ended, tookMs, receivedBytes } = await exchange(reach, { bytes, stream, quietMs: QUIET_MS }, signal);
    if (ended !== 'answered') return { hit: false, seen: `did not carry ${showBytes(bytes)}: ${ended}` };
    const carried = stream === 'downstream' ? receivedBytes : bytes;
    const perSec = (carried / tookMs) * 1_000;
    const before = bytesPerSec ?? Number.POSITIVE_INFINITY;
    return {
      // Timers are coarse, and a bucket may have been full at the start.
      hit: perSec <= kbPerSec * 1_000 * 1.25 && perSec < before / 2,
      seen: `carries ${showRate(perSec)} (${showBytes(carried)} in ${showMs(tookMs)}), carried ${showRate(bytesPerSec)} before`,
    };
  },
});

const MEASURE_MS = 300;
const LEAST_BYTES = 1_000;
const MOST_BYTES = 100_000;
const QUIET_MS = 3_000;
