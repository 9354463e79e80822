// Prometheus counts a year as 365 days and a week as 7; both are exact numbers of milliseconds.
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** `1h30m` to milliseconds; undefined unless the units go from large to small, each at most once. */
export function parsePromDuration(text: string): number | undefined {
  let ms = 0;
  let allowed = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) {
    const index = UNITS.findIndex(([name]) => name === unit);
    if (index < allowed) return undefined;
    ms += Number(amount) * (UNITS[index]?.[1] ?? Number.NaN);
    allowed = index + 1;
  }
  return ms;
}

/** Whole milliseconds to the text PromQL reads: 5400000 to `1h30m`. */
export function formatPromDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = Math.abs(ms);
  let text = ms < 0 ? '-' : '';
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text;
}
