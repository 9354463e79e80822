import { exchange } from '../exchange.ts';
import type { Baseline } from '../fault.ts';
import { type LinkTarget, measureLink, reachOf } from './link.ts';

/** What a link is like before a fault, with what a connection over it carries. A link that does not answer has no rate. */
export async function measureThroughput(target: LinkTarget, signal: AbortSignal): Promise<Baseline> {
  const reach = await reachOf(target, signal);
  const carried =
    reach && (await exchange(reach, { bytes: SAMPLE_BYTES, stream: 'downstream', quietMs: 1_000 }, signal));
  const measured = await measureLink(target, signal);
  if (carried?.ended !== 'answered') return measured;
  return { ...measured, bytesPerSec: (carried.receivedBytes / carried.tookMs) * 1_000 };
}

const SAMPLE_BYTES = 20_000;
