import type { Matcher } from './ast.ts';
import { compileRe2 } from './re2.ts';

const tests = new WeakMap<Matcher, (value: string) => boolean>();

/** Whether a label's value passes; a missing label has the value ''. Throws Error on a bad regular expression. */
export function matcherTest(matcher: Matcher): (value: string) => boolean {
  let test = tests.get(matcher);
  if (test === undefined) {
    test = makeTest(matcher);
    tests.set(matcher, test);
  }
  return test;
}

function makeTest({ op, value }: Matcher): (value: string) => boolean {
  switch (op) {
    case '=':
      return (candidate) => candidate === value;
    case '!=':
      return (candidate) => candidate !== value;
    case '=~': {
      const pattern = compileRe2(value);
      return (candidate) => pattern.test(candidate);
    }
    case '!~': {
      const pattern = compileRe2(value);
      return (candidate) => !pattern.test(candidate);
    }
    default:
      return op satisfies never;
  }
}
