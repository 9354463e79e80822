/** A stream of numbers in [0, 1). */
export type Random = () => number;

/**
 * A generator that depends only on the seed and the label, so that what one connection draws does not change with the
 * number of draws of the others. Labels are hashed with FNV-1a; the stream is Mulberry32 (Tommy Ettinger, public domain).
 */
export function seededRandom(seed: number, label: string): Random {
  let state = 0x811c9dc5 ^ (seed >>> 0) ^ Math.trunc(seed / 2 ** 32);
  for (let at = 0; at < label.length; at += 1) {
    state = Math.imul(state ^ label.charCodeAt(at), 0x01000193);
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
