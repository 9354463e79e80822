import { describe, expect, it } from 'vitest';
import { liveState, startingState, unfitState } from '../live-fixture.ts';
import { plainLine, progressLine } from './plain.ts';

describe('plain lines', () => {
  it('have the time, the verb and the sentence in columns', () => {
    expect(plainLine(4_800, 'target', 'ready in 4.8 s: 9 nodes')).toBe('00:04.8 target    ready in 4.8 s: 9 nodes');
  });

  it('are one line, whatever the text is', () => {
    expect(plainLine(0, 'fault', 'a\nb\u001b[31mc\u001b[0m')).toBe('00:00.0 fault     a bc');
  });

  it('tell the progress as key=value without blanks in a value', () => {
    expect(progressLine(liveState())).toBe(
      '02:21.0 progress  58 % users=100,000 rate=19,562/s p99=118ms errors=0.43% drops=0',
    );
  });

  it('leave out what is not known, and never call it 0', () => {
    expect(progressLine(startingState())).toBe('00:03.2 progress  users=0 drops=0');
  });

  it('say that the generator is unfit', () => {
    expect(progressLine(unfitState())).toMatch(/drops=312 generator=UNFIT$/);
  });
});
