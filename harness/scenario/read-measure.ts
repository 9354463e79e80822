import type { Limit } from '../units.ts';
import type { ClientMeasure } from './plan.ts';
import { type Reader, show } from './reader.ts';
import { MEASURES } from './schemas.ts';

/** The one measure that something about requests is given: `{ p99: '< 400ms' }`. Undefined when it is wrong. */
export function readMeasure(
  parsed: object,
  spec: unknown,
  path: PropertyKey[],
  reader: Reader,
): { measure: ClientMeasure; label: string; limit: Limit } | undefined {
  const given = Object.entries(MEASURES).flatMap(([key, known]) => {
    const limit = (parsed as Record<string, unknown>)[key] as Limit | undefined;
    return limit === undefined ? [] : [{ key, known, limit }];
  });
  const [only, ...more] = given;
  if (!only || more.length > 0) {
    const got = given.length === 0 ? 'none' : given.map(({ key }) => key).join(' and ');
    reader.problem(path, `expected exactly one of ${Object.keys(MEASURES).join(', ')}, got ${got}`);
    return undefined;
  }
  const { known, limit } = only;
  if (limit.unit !== known.unit) {
    reader.problem(
      [...path, only.key],
      `expected a limit such as '${known.example}', got ${show((spec as Record<string, unknown>)[only.key])}`,
    );
    return undefined;
  }
  return { measure: known.measure, label: known.label, limit };
}
