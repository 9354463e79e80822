import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultLife, type FaultState, NEXT } from './fault-state.ts';

const ALL = Object.keys(NEXT) as FaultState[];

describe("a fault's life", () => {
  it('goes from request to proven clean', () => {
    const life = new FaultLife();
    for (const state of [
      'requested',
      'resolved',
      'recorded',
      'applied',
      'proven',
      'undo requested',
      'undone',
      'clean',
    ] as const)
      life.enter(state);
    expect(life.state).toBe('clean');
  });

  it('never applies what is not recorded, and never calls clean what was not undone', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ALL), { maxLength: 30 }), (wanted) => {
        const life = new FaultLife();
        const been: FaultState[] = [];
        for (const state of wanted) {
          try {
            life.enter(state);
            been.push(state);
          } catch {}
        }
        expect(new Set(been).size).toBe(been.length);
        if (been.includes('applied')) expect(been.indexOf('recorded')).toBeLessThan(been.indexOf('applied'));
        if (been.includes('clean')) expect(been.indexOf('undo requested')).toBeLessThan(been.indexOf('clean'));
        if (been.includes('applied') && NEXT[been.at(-1) ?? 'clean'].length === 0)
          expect(been).toContain('undo requested');
      }),
    );
  });

  it('says what it cannot do', () => {
    const life = new FaultLife();
    life.enter('requested');
    expect(() => life.enter('applied')).toThrow('a fault cannot go from requested to applied');
    expect(() => new FaultLife().enter('clean')).toThrow('from nothing to clean');
  });
});
