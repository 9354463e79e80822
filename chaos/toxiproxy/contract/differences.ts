/**
 * Where the embedded server does something else than Toxiproxy 2.12.0, and why. The contract pins both sides;
 * docs/toxiproxy.md has the same list.
 */
export const DIFFERENCES = {
  'attributes that crash': '',
  'integers beyond 2^53': '',
  'half an update': '',
  extensions: '',
} as const;

export type Difference = keyof typeof DIFFERENCES;
