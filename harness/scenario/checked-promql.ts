import { formatDuration } from '../units.ts';
import type { ParseContext } from './context.ts';
import type { Reader } from './reader.ts';

/** How far an expression reaches back, in milliseconds; undefined when it is wrong, which the reader is told. */
export function checkedPromql(
  expression: string,
  path: PropertyKey[],
  reader: Reader,
  context: ParseContext,
): number | undefined {
  // `$window` stands for a duration that is known only after the run; any will do for checking the rest.
  const checked = context.checkPromql(expression.replaceAll('$window', '10s'));
  if (!checked.ok) {
    reader.problem(path, checked.problem);
    return undefined;
  }
  const fewest = 4 * SCRAPE_INTERVAL_MS;
  const shortest = checked.shortestRangeMs ?? checked.rangeMs;
  if (shortest > 0 && shortest < fewest) {
    reader.problem(
      path,
      `a range of ${formatDuration(shortest)} holds fewer than 4 scrapes; use ${formatDuration(fewest)} or more`,
    );
    return undefined;
  }
  return checked.rangeMs;
}

/** The monitor scrapes once a second. */
const SCRAPE_INTERVAL_MS = 1_000;
