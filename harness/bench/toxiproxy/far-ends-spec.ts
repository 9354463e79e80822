/** What the program is asked: `api` of the proxy, `pid` of its process or of that process' parent. */
export type FarEndsAsk = { api: string } & (
  | { what: 'carried'; connections: number; seconds: number; pid: number }
  | { what: 'trips'; trips: number; direct: boolean }
  | { what: 'delays'; connections: number; seconds: number; latencyMs: number }
  | { what: 'held'; connections: number; pid: number }
);

/** What it tells, by what it was asked. */
export interface FarEndsTold {
  carried: { bytes: number; cpuSec: number };
  /** In the order in which they were made. */
  trips: { tookMs: number[] };
  delays: { tookMs: number[] };
  /** How many of the connections were open at once, and answered. */
  held: { answered: number; rssBytes: number };
}
