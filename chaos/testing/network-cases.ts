/** Every fault that is a toxic on a link, and what its proof says when it works and when somebody has taken it away. */
export const TOXIC_FAULTS = [
  {
    kind: 'latency',
    params: { latencyMs: 150 },
    proves: /^a->b takes \d{3,} ms, took [\d.]+ ms before; .+ of others meanwhile$/,
    misses: /^a->b takes [\d.]+ ms, took [\d.]+ ms before: no effect was seen/,
  },
  {
    kind: 'latency',
    params: { latencyMs: 150, stream: 'upstream' },
    proves: /^a->b takes \d{3,} ms/,
    misses: /no effect was seen/,
  },
  {
    kind: 'bandwidth',
    params: { kbPerSec: 40 },
    proves: /^a->b carries [\d.]+ KB\/s \([\d,]+ bytes in \d+ ms\), carried [\d,]+ KB\/s before; /,
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
    proves: /^a->b sent no byte for \d{3,} ms \(silent\), answered in [\d.]+ ms before; /,
    misses: /^a->b answers in [\d.]+ ms, answered in [\d.]+ ms before: no effect was seen/,
  },
  {
    kind: 'timeout',
    params: { closeAfterMs: 100, stream: 'upstream' },
    proves: /^a->b sent no byte for \d{2,} ms \(closed\)/,
    misses: /no effect was seen/,
  },
  {
    kind: 'reset-peer',
    params: { afterMs: 20 },
    proves: /^a->b resets after \d+ ms, answered in [\d.]+ ms before; /,
    misses: /^a->b answers after [\d.]+ ms/,
  },
  {
    kind: 'slicer',
    params: { sliceBytes: 100, pauseMs: 10 },
    proves: /^a->b takes \d+ ms for [\d,]+ bytes \(\d+ pieces or more\), would take [\d.]+ ms in one; /,
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
    params: { delayMs: 200 },
    proves: /^a->b closes \d{3,} ms after goodbye; /,
    misses: /^a->b closes [\d.]+ ms after goodbye: no effect was seen/,
  },
  {
    kind: 'lost-ack',
    params: {},
    proves: /^a->b took [\d,]+ bytes of questions upstream, and nothing \((closed|silent)\) came back; /,
    misses:
      /^a->b took [\d,]+ bytes of questions upstream, and an answer after [\d.]+ ms came back: no effect was seen/,
  },
  {
    kind: 'slow-shard',
    params: { latencyMs: 150 },
    proves: /^a->b takes \d{3,} ms/,
    misses: /no effect was seen/,
  },
] as const;
