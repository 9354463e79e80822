import { describe, expect, it } from 'vitest';
import { readGolden } from './testing/golden-file.ts';
import { ourAnswer } from './testing/oracle.ts';
import { difference } from './testing/same-answer.ts';

/** Recorded from real servers; `golden.test-real.ts` records them again. */
describe.each(['v2', 'v3'] as const)('what a real Prometheus answered (%s)', (semantics) => {
  const golden = readGolden(semantics);

  it('is at least 600 cases, few of them refusals', () => {
    const refused = golden.cases.filter(({ outcome }) => 'error' in outcome);
    expect(golden.cases.length).toBeGreaterThanOrEqual(600);
    expect(refused.length).toBeGreaterThan(40);
    expect(refused.length).toBeLessThan(golden.cases.length / 8);
  });

  it('is what we answer', () => {
    const wrong = golden.cases.flatMap(({ question, outcome }) => {
      const problem = difference(ourAnswer(question, golden.data, { semantics }), outcome);
      return problem === undefined ? [] : [`${JSON.stringify(question)}: ${problem}`];
    });
    expect(wrong).toEqual([]);
  });
});

it('the two semantics are not the same: each corpus refutes the other', () => {
  const v2 = readGolden('v2');
  const refuted = v2.cases.filter(
    ({ question, outcome }) => difference(ourAnswer(question, v2.data, { semantics: 'v3' }), outcome) !== undefined,
  );
  expect(refuted.length).toBeGreaterThan(40);
});
