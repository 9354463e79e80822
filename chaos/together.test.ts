import { describe, expect, it } from 'vitest';
import type { AimedFault } from './catalogue.ts';
import { clashOf } from './clash.ts';
import { together } from './together.ts';

function fault(target: string, change: Partial<AimedFault> = {}): AimedFault {
  return {
    kind: 'test',
    settings: 'x',
    target,
    takes: [`node:${target}`],
    prepare: async () => {},
    undoOf: () => ({ step: 'nothing', why: target }),
    baseline: async () => ({ count: target.length }),
    apply: async () => {},
    prove: async ({ applied }) => ({ proven: true, evidence: `${target} had ${applied.count}` }),
    renew: undefined,
    lasts: true,
    ...change,
  };
}

const signal = AbortSignal.timeout(5_000);

describe('one fault on several targets', () => {
  it('is proven when it is on each of them, with what was measured there', async () => {
    const both = together([fault('a'), fault('bb')]);
    const before = { armed: await both.baseline(signal), applied: await both.baseline(signal) };
    expect(both.target).toBe('a, bb');
    expect(await both.prove(before, signal)).toEqual({ proven: true, evidence: 'a had 1; bb had 2' });
    expect(both.undoOf('id')).toEqual({
      step: 'several',
      steps: [
        { step: 'nothing', why: 'a' },
        { step: 'nothing', why: 'bb' },
      ],
    });
  });

  it('is not proven when one is missing, and says which', async () => {
    const missing = fault('c', { prove: async () => ({ proven: false, evidence: 'c is as it was' }) });
    const both = together([fault('a'), missing]);
    const before = { armed: await both.baseline(signal), applied: await both.baseline(signal) };
    expect(await both.prove(before, signal)).toEqual({ proven: false, evidence: 'c is as it was' });
  });

  it('is tried on all of them even when it fails on one', async () => {
    const applied: string[] = [];
    const failing = fault('a', { apply: () => Promise.reject(new Error('a is stubborn')) });
    const other = fault('b', {
      apply: async () => {
        applied.push('b');
      },
    });
    const how = { id: 'x', forMs: 1, signal };
    await expect(together([failing, other]).apply(how)).rejects.toThrow('a is stubborn');
    expect(applied).toEqual(['b']);
  });
});

describe('two faults', () => {
  it('clash over the same thing, or a part of it and the whole, but not over two parts', () => {
    expect(clashOf(['link:a->b'], ['link:a->b'])).toBe('link:a->b');
    expect(clashOf(['link:a->b/latency'], ['link:a->b'])).toBe('link:a->b/latency');
    expect(clashOf(['link:a->b/latency'], ['link:a->b/bandwidth'])).toBeUndefined();
    expect(clashOf(['node:shard'], ['node:shard-2'])).toBeUndefined();
  });
});
