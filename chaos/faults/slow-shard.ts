import { z } from 'zod';
import { delaySettings, delayToxic, lookForDelay } from './latency.ts';
import { resolveLinksTo } from './link.ts';
import { toxicFault, toxicFields } from './toxic-fault.ts';

const params = z.strictObject({
  shard: z.string().min(1).describe('the database, as the topology names it: shard-eu-0'),
  latencyMs: z.number().positive().max(600_000).describe('delay of every answer, ms, up to 600,000'),
  jitterMs: z.number().nonnegative().max(600_000).default(0).describe('give or take so much, ms; 0 unless told'),
  toxicity: toxicFields.toxicity,
});

export type SlowShardParams = z.input<typeof params>;

/** A database crawls for everybody who uses it. */
export const slowShard = toxicFault<z.output<typeof params>>({
  kind: 'slow-shard',
  family: 'dependency',
  about: 'A database answers everybody late: latency on each link that leads to it.',
  provenBy: 'a timed round trip through each link',
  params,
  resolve: ({ shard }, topology) => resolveLinksTo(shard, topology, 'latency'),
  settings: delaySettings,
  toxic: delayToxic,
  look: lookForDelay,
});
