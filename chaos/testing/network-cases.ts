/** Every fault that is a toxic on a link, and what its proof says when it works and when somebody has taken it away. */
export const TOXIC_FAULTS = [
  {
    kind: 'latency',
    params: { latencyMs: 400 },
    proves: /^a->b takes [\d,.]+ m?s, took [\d,.]+ m?s before; .+ of others meanwhile$/,
    misses: /^a->b takes [\d,.]+ m?s, took [\d,.]+ m?s before: no effect was seen/,
  },
  {
    kind: 'latency',
    params: { latencyMs: 400, stream: 'upstream' },
    proves: /^a->b takes [\d,.]+ m?s/,
    misses: /no effect was seen/,
  },
  {
    kind: 'bandwidth',
    params: { kbPerSec: 40 },
    proves: /^a->b carries [\d.]+ KB\/s \([\d,]+ bytes in [\d,.]+ m?s\), carried [\d,]+ KB\/s before; /,
    misses: /^a->b carries [\d,]+ KB\/s .*: no effect was seen/,
  },
  {
    kind: 'bandwidth',
    params: { kbPerSec: 40, stream: 'upstream' },
    proves: /^a->b carries [\d.]+ KB\/s/,
    misses: /no effect was seen/,
  },
  {
    kind: 'timeout',
    params: {},
    proves: /^a->b sent no byte for [\d,.]+ m?s \(silent\), answered in [\d,.]+ m?s before; /,
    misses: /^a->b answers in [\d,.]+ m?s, answered in [\d,.]+ m?s before: no effect was seen/,
  },
  {
    kind: 'timeout',
    params: { closeAfterMs: 100, stream: 'upstream' },
    proves: /^a->b sent no byte for [\d,.]+ m?s \(closed\)/,
    misses: /no effect was seen/,
  },
  {
    kind: 'reset-peer',
    params: { afterMs: 20 },
    proves: /^a->b resets after [\d,.]+ m?s, answered in [\d,.]+ m?s before; /,
    misses: /^a->b answers after [\d,.]+ m?s/,
  },
  {
    kind: 'slicer',
    params: { sliceBytes: 100, pauseMs: 10 },
    proves: /^a->b takes [\d,.]+ m?s for [\d,]+ bytes \(\d+ pieces or more\), would take [\d,.]+ m?s in one; /,
    misses: /no effect was seen/,
  },
  {
    kind: 'limit-data',
    params: { bytes: 1_000 },
    proves: /^a->b was cut \((closed|reset)\) with [\d,]+ bytes received of 5,000 bytes asked for; /,
    misses: /^a->b carries 5,000 bytes without a cut: no effect was seen/,
  },
  {
    kind: 'slow-close',
    params: { delayMs: 500 },
    proves: /^a->b closes [\d,.]+ m?s after goodbye; /,
    misses: /^a->b closes [\d,.]+ m?s after goodbye: no effect was seen/,
  },
  {
    kind: 'lost-ack',
    params: {},
    proves: /^a->b took [\d,]+ bytes of questions upstream, and nothing \((closed|silent)\) came back; /,
    misses:
      /^a->b took [\d,]+ bytes of questions upstream, and an answer after [\d,.]+ m?s came back: no effect was seen/,
  },
  {
    kind: 'slow-shard',
    params: { latencyMs: 400 },
    proves: /^a->b takes [\d,.]+ m?s/,
    misses: /no effect was seen/,
  },
] as const;
