import type { Proof } from './fault.ts';
import { messageOf } from './message-of.ts';

/**
 * A proof that is always given: what goes wrong while measuring is evidence against the fault, and so is the end of its
 * time, for which `late` says what had been seen by then.
 */
export async function proofWithin(
  signal: AbortSignal,
  late: () => string,
  measure: () => Promise<Proof | undefined>,
): Promise<Proof> {
  try {
    return (await measure()) ?? { proven: false, evidence: late() };
  } catch (error) {
    if (signal.aborted) return { proven: false, evidence: late() };
    return { proven: false, evidence: messageOf(error) };
  }
}
