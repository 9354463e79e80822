import { createHash } from 'node:crypto';

/** 128 bits, as words. */
export type Nonce = readonly [number, number, number, number];

/**
 * What sets the ids of one run apart from those of every other run with the same seed, out of any text. Nothing else of
 * the traffic depends on it but the boundaries of multipart bodies, which are such ids.
 */
export function nonceOf(text: string): Nonce {
  const digest = createHash('sha256').update(text).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)];
}
