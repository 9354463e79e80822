/**
 * A part of a population: those whose number leaves the remainder `index` when divided by `of`. Users and arrivals are
 * dealt round by their number, so shares always add up, and a share can be dealt out again in the same way.
 */
export interface Share {
  index: number;
  of: number;
}

/** Deals a share out to so many: part j has those of the share whose turn within it leaves the remainder j. */
export function dealt({ index, of }: Share, parts: number): Share[] {
  return Array.from({ length: parts }, (_, part) => ({ index: index + of * part, of: of * parts }));
}

/** The first number of a share that is `from` or above. */
export function firstOf({ index, of }: Share, from: number): number {
  return from <= index ? index : index + of * Math.ceil((from - index) / of);
}
