import { describe, expect, it } from 'vitest';
import { nonceOf } from './nonce.ts';
import { Random } from './random.ts';

const nonce = nonceOf('test');

describe('a random stream', () => {
  it('is the same for the same seed, name and index', () => {
    const one = new Random(7, 'shoppers', 3);
    const two = new Random(7, 'shoppers', 3);
    expect(Array.from({ length: 5 }, () => one.number())).toEqual(Array.from({ length: 5 }, () => two.number()));
  });

  it('differs with the seed, the name and the index', () => {
    const first = [new Random(7, 'a', 1), new Random(8, 'a', 1), new Random(7, 'b', 1), new Random(7, 'a', 2)].map(
      (r) => r.number(),
    );
    expect(new Set(first).size).toBe(4);
  });

  it('is even: 20,000 draws of ten are within 8 % of each other', () => {
    const counts = new Array(10).fill(0);
    for (let index = 0; index < 2_000; index++) {
      const random = new Random(1, 'even', index);
      for (let draw = 0; draw < 10; draw++) counts[Math.floor(random.number() * 10)]++;
    }
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(160);
  });

  it('makes version 4 UUIDs, none twice in 50,000', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 50_000; index++) {
      const id = new Random(1, 'ids', index).uuid(nonce);
      if (index < 100) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      seen.add(id);
    }
    expect(seen.size).toBe(50_000);
  });

  it('makes the same ids for the same nonce, others for another, and goes on alike', () => {
    const drawn = (text: string) => {
      const random = new Random(7, 'ids', 3);
      return { ids: [random.uuid(nonceOf(text)), random.uuid(nonceOf(text))], next: random.number() };
    };
    expect(drawn('one')).toEqual(drawn('one'));
    expect(drawn('two').next).toBe(drawn('one').next);
    expect(new Set([...drawn('one').ids, ...drawn('two').ids]).size).toBe(4);
  });
});
