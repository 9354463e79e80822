import type { Nonce } from './nonce.ts';

/**
 * A small seeded stream of random numbers: sfc32 (Chris Doty-Humphrey's PractRand), 128 bits of state. Each user has
 * its own, seeded by the run's seed, its group's name and its index, so that traffic does not depend on who runs it.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream: string, index: number) {
    this.#a = hash(stream, seed >>> 0) | 0;
    this.#b = hash(stream, index >>> 0) | 0;
    this.#c = (Math.floor(seed / 2 ** 32) ^ Math.imul(index + 1, 0x9e3779b1)) | 0;
    // The first outputs of neighbouring seeds are alike; twelve rounds mix them, as the author recommends.
    for (let round = 0; round < 12; round++) Random.#next(this);
  }

  /** 0 <= x < 1, with 53 random bits. */
  number(): number {
    return ((Random.#next(this) >>> 5) * 67_108_864 + (Random.#next(this) >>> 6)) / 9_007_199_254_740_992;
  }

  /** A version 4 UUID (RFC 9562). The stream goes on alike, whatever the nonce. */
  uuid([wordA, wordB, wordC, wordD]: Nonce): string {
    const a = hex((Random.#next(this) ^ wordA) >>> 0);
    const b = hex((((Random.#next(this) ^ wordB) & 0xffff0fff) | 0x00004000) >>> 0);
    const c = hex((((Random.#next(this) ^ wordC) & 0x3fffffff) | 0x80000000) >>> 0);
    const d = hex((Random.#next(this) ^ wordD) >>> 0);
    return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
  }

  // Static, because a private method is a word more in each of a million users.
  static #next(self: Random): number {
    const sum = (((self.#a + self.#b) | 0) + self.#counter) | 0;
    self.#counter = (self.#counter + 1) | 0;
    self.#a = self.#b ^ (self.#b >>> 9);
    self.#b = (self.#c + (self.#c << 3)) | 0;
    self.#c = (((self.#c << 21) | (self.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

/** FNV-1a over the text's code units, started from a seed and finished by a mixer (MurmurHash3's fmix32). */
function hash(text: string, seed: number): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < text.length; index++) h = Math.imul(h ^ text.charCodeAt(index), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
