import { z } from 'zod';
import { exchange } from '../exchange.ts';
import type { Baseline } from '../fault.ts';
import { showMs } from '../show.ts';
import type { NewToxic } from '../toxiproxy-client.ts';
import { type LinkReach, resolveLink } from './link.ts';
import { type Sighting, toxicFault, toxicFields } from './toxic-fault.ts';

const params = z.strictObject({
  link: toxicFields.link,
  latencyMs: z.number().positive().max(600_000).describe('delay of every answer, ms, up to 600,000'),
  jitterMs: z.number().nonnegative().max(600_000).default(0).describe('give or take so much, ms; 0 unless told'),
  stream: toxicFields.stream,
  toxicity: toxicFields.toxicity,
});

export type LatencyParams = z.input<typeof params>;

/** Answers over a link take longer: every chunk is held for latencyMs, give or take jitterMs. */
export const latency = toxicFault<z.output<typeof params>>({
  kind: 'latency',
  about: 'Answers over a link are delayed by latencyMs, give or take jitterMs.',
  provenBy: 'a timed round trip through the link',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology, 'latency'),
  settings: delaySettings,
  toxic: delayToxic,
  look: lookForDelay,
});

/** A delay in any fault that has one. */
export interface Delay {
  latencyMs: number;
  jitterMs: number;
  stream?: 'downstream' | 'upstream';
}

export function delaySettings({ latencyMs, jitterMs }: Delay): string {
  return `${latencyMs} ms${jitterMs > 0 ? `, jitter ${jitterMs} ms` : ''}`;
}

export async function delayToxic({ latencyMs, jitterMs }: Delay): Promise<Pick<NewToxic, 'type' | 'attributes'>> {
  return { type: 'latency', attributes: { latency: Math.round(latencyMs), jitter: Math.round(jitterMs) } };
}

export async function lookForDelay(
  { latencyMs, jitterMs, stream = 'downstream' }: Delay,
  reach: LinkReach,
  { roundTripMs }: Baseline,
  signal: AbortSignal,
): Promise<Sighting> {
  // Half of the least delay promised: far above noise, and safe from the rounding of timers.
  const atLeastMs = (roundTripMs ?? 0) + Math.max(latencyMs - jitterMs, latencyMs / 2) / 2;
  const { ended, tookMs } = await exchange(reach, { bytes: 0, stream, quietMs: Number.POSITIVE_INFINITY }, signal);
  const took = ended === 'answered' ? showMs(tookMs) : 'no measurable time';
  return {
    hit: ended === 'answered' && tookMs >= atLeastMs,
    seen: `takes ${took}, took ${showMs(roundTripMs)} before`,
  };
}
