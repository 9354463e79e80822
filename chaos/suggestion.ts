import { closest, distance } from 'fastest-levenshtein';

/** `Did you mean a->b? Links: ...`, for a name that is not there. */
export function suggestion(name: string, names: string[]): string {
  if (names.length === 0) return 'There are none.';
  const nearest = closest(name, names);
  const near = distance(name, nearest) <= Math.max(2, name.length / 3) ? `Did you mean ${nearest}? ` : '';
  return `${near}There are: ${names.join(', ')}`;
}
