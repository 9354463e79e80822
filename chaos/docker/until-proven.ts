import { setTimeout as sleep } from 'node:timers/promises';
import type { Proof } from '../fault.ts';

/**
 * Looks again and again, until a look is a proof, one way or the other; a string is what was seen so far. When the time is
 * over the last thing that was seen is why it is not proven, even if the engine was about to say more.
 */
export async function untilProven(
  signal: AbortSignal,
  first: string,
  look: () => Promise<Proof | string>,
): Promise<Proof> {
  let seen = first;
  while (!signal.aborted) {
    try {
      const result = await look();
      if (typeof result !== 'string') return result.proven && signal.aborted ? { ...result, proven: false } : result;
      seen = result;
    } catch (error) {
      if (error instanceof EffectGone) return { proven: false, evidence: error.message };
      if (!signal.aborted) throw error;
    }
    if (!signal.aborted) await sleep(PAUSE_MS);
  }
  return { proven: false, evidence: seen };
}

/** What the fault was in is gone, and the fault with it. */
export class EffectGone extends Error {}

const PAUSE_MS = 50;
