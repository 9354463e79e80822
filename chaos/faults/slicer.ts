import { z } from 'zod';
import { exchange } from '../exchange.ts';
import { showBytes, showMs } from '../show.ts';
import { resolveLink } from './link.ts';
import { measureThroughput } from './throughput.ts';
import { toxicFault, toxicFields } from './toxic-fault.ts';

const params = z
  .strictObject({
    link: toxicFields.link,
    sliceBytes: z.number().int().min(1).max(1_500).describe('size of a piece on average, bytes, 1 to 1,500'),
    varyBytes: z
      .number()
      .int()
      .nonnegative()
      .default(0)
      .describe('give or take so much, bytes, up to sliceBytes; 0 unless told'),
    pauseMs: z.number().min(1).max(1_000).default(10).describe('after each piece, ms, 1 to 1,000; 10 unless told'),
    stream: toxicFields.stream,
    toxicity: toxicFields.toxicity,
  })
  .refine(({ sliceBytes, varyBytes }) => varyBytes <= sliceBytes, {
    path: ['varyBytes'],
    error: 'expected at most sliceBytes',
  });

export type SlicerParams = z.input<typeof params>;

/** What is sent in one piece arrives in many small ones. */
export const slicer = toxicFault<z.output<typeof params>>({
  kind: 'slicer',
  about: 'Data arrives in pieces of about sliceBytes, with a pause after each.',
  provenBy: 'the time that the pieces of a known number of bytes take through the link',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology, 'slicer'),
  settings: ({ sliceBytes, varyBytes, pauseMs }) =>
    `pieces of ${sliceBytes}${varyBytes > 0 ? ` ± ${varyBytes}` : ''} bytes, ${pauseMs} ms apart`,
  toxic: async ({ sliceBytes, varyBytes, pauseMs }) => ({
    type: 'slicer',
    attributes: { average_size: sliceBytes, size_variation: varyBytes, delay: Math.round(pauseMs * 1_000) },
  }),
  baseline: measureThroughput,

  async look({ sliceBytes, varyBytes, pauseMs, stream }, reach, { bytesPerSec = 0 }, signal) {
    const bytes = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, Math.ceil(MEASURE_MS / pauseMs) * sliceBytes));
    const { ended, tookMs, receivedBytes } = await exchange(reach, { bytes, stream, quietMs: QUIET_MS }, signal);
    if (ended !== 'answered') return { hit: false, seen: `did not carry ${showBytes(bytes)}: ${ended}` };
    const carried = stream === 'downstream' ? receivedBytes : bytes;
    const pieces = Math.floor(carried / (sliceBytes + varyBytes));
    const wholeMs = bytesPerSec > 0 ? (carried / bytesPerSec) * 1_000 : 0;
    return {
      hit: pieces >= 2 && tookMs >= wholeMs + (pieces * pauseMs) / 2,
      seen: `takes ${showMs(tookMs)} for ${showBytes(carried)} (${pieces} pieces or more), would take ${showMs(wholeMs)} in one`,
    };
  },
});

const MEASURE_MS = 200;
const LEAST_BYTES = 300;
const MOST_BYTES = 50_000;
const QUIET_MS = 3_000;
