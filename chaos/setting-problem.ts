import type { z } from 'zod';
import { suggestion } from './suggestion.ts';

/** What is wrong with a setting, in the words of whoever wrote it. `known` are the names of all settings. */
export function settingProblems(
  issue: z.core.$ZodIssue,
  given: unknown,
  known: string[],
): { path: (string | number)[]; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [key], message: `unknown key. ${suggestion(key, known)}` }));
  }
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  return [{ path, message: messageFor(issue, valueAt(given, path)) }];
}

function messageFor(issue: Exclude<z.core.$ZodIssue, z.core.$ZodIssueUnrecognizedKeys>, got: unknown): string {
  const but = `, got ${got === undefined ? 'nothing' : JSON.stringify(got)}`;
  switch (issue.code) {
    case 'too_small':
      if (issue.origin === 'string') return `expected a text${but}`;
      return `expected ${issue.inclusive ? 'at least' : 'more than'} ${Number(issue.minimum).toLocaleString('en-US')}${but}`;
    case 'too_big':
      return `expected ${issue.inclusive ? 'at most' : 'less than'} ${Number(issue.maximum).toLocaleString('en-US')}${but}`;
    case 'invalid_type':
      return `expected ${issue.expected === 'int' ? 'a whole number' : `a ${issue.expected}`}${but}`;
    case 'invalid_value':
      return `expected ${issue.values.map(String).join(' or ')}${but}`;
    default:
      return issue.message;
  }
}

function valueAt(given: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    given,
  );
}
