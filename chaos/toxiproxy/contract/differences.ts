/**
 * Where the embedded server does something else than Toxiproxy 2.12.0, on purpose. The contract pins what each of the two
 * does, but for `WITHOUT_CASE`; docs/toxiproxy.md has a row for each, with the reason.
 */
export const DIFFERENCES = [
  'extensions',
  'attributes that crash',
  'integers beyond 2^53',
  'half an update',
  'half-closed connections',
  'resets of a peer',
  'whom reset_peer resets',
  'data held during an update',
  'a rate that changes under way',
  'a stop before a limit of 0',
  'removal with a stalled reader',
  'an upstream that does not answer',
  'live metrics',
  'metrics of the process',
  'logs',
  'a taken port',
  'arguments that are no flags',
  'clients that come at a shutdown',
  '-seed',
  'large bodies',
  'HTTP that no client speaks',
] as const;

export type Difference = (typeof DIFFERENCES)[number];

/** Differences that no case of the contract shows, and why. */
export const WITHOUT_CASE: Partial<Record<Difference, string>> = {
  'an upstream that does not answer': 'it takes a network that loses packets, and minutes',
};
