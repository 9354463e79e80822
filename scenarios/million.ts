import { arrivals, kill, latency, scenario, slo, users } from 'stampede';
import { buyer, shopper } from './shop.ts';

/**
 * A shop that went viral: a million people have it open at once. They read for two or three minutes between two clicks,
 * as people do who came from a link, and most of what they click lies at the edge; a few dozen a second buy. Then one of
 * the two order databases crawls, and a gateway dies.
 */
export default scenario({
  name: 'million',
  question: 'Does the shop survive its first million users, a slow shard and a dead gateway?',
  target: 'reference',
  // Each holds a quarter: when one dies, a third more for each of the others is soon taken over.
  agents: 4,
  load: {
    shoppers: users({ stages: [{ to: 1_000_000, over: '60s' }, { hold: '120s' }], think: '60s..240s', flow: shopper }),
    buyers: arrivals({
      stages: [{ to: 30, per: '1s', over: '60s' }, { hold: '120s' }],
      process: 'poisson',
      flow: buyer,
    }),
  },
  faults: [
    {
      name: 'slow-shard',
      at: '80s',
      for: '20s',
      fault: latency({ link: 'orders->shard-eu-0', latencyMs: 800, jitterMs: 200 }),
    },
    { name: 'dead-gateway', at: '125s', for: '20s', fault: kill({ node: 'gateway-1' }) },
  ],
  slos: [
    slo('browse p99', { of: 'browse', p99: '< 250ms' }),
    slo('browse errors', { of: 'browse', errors: '< 0.5%' }),
    slo('EU checkout', { of: 'checkout eu', p95: '< 500ms', during: ['steady', 'fault:dead-gateway'] }),
    // Slower while its shard crawls, but never lost in a queue.
    slo('EU bears it', { of: 'checkout eu', p95: '< 2500ms', during: 'fault:slow-shard' }),
    slo('US unharmed', { of: 'checkout us', p95: '< 500ms' }),
    slo('checkout errors', { of: 'checkout us', errors: '< 2%' }),
    slo('gateway 5xx', {
      promql: `(sum(rate(http_server_requests_total{service="gateway",code=~"5.."}[10s])) or vector(0))
        / sum(rate(http_server_requests_total{service="gateway"}[10s]))`,
      is: '< 2%',
      during: ['steady', 'fault'],
    }),
  ],
  invariants: ['orders-exactly-once'],
  // Whatever else: if half of all answers are errors, stop and heal.
  stopWhen: [
    {
      promql: 'sum(rate(stampede_requests_total{ending!="ok"}[10s])) / sum(rate(stampede_requests_total[10s]))',
      is: '> 50%',
      for: '10s',
    },
  ],
});
