import { arrivals, kill, latency, scenario, slo, users } from 'stampede';
import { buyer, shopper } from './shop.ts';

/**
 * A shop on a good day: 50,000 people look around, some buy. For twenty seconds one of the two order databases crawls,
 * then a gateway dies. Do the others notice?
 */
export default scenario({
  name: 'first-run',
  question: 'Does the shop survive a slow shard and a dead gateway with 50,000 users on it?',
  target: 'reference',
  load: {
    // People read for half a minute between two clicks.
    shoppers: users({ stages: [{ to: 50_000, over: '40s' }, { hold: '110s' }], think: '5s..45s', flow: shopper }),
    buyers: arrivals({ stages: [{ to: 30, per: '1s', over: '40s' }, { hold: '110s' }], flow: buyer }),
  },
  faults: [
    {
      name: 'slow-shard',
      at: '55s',
      for: '20s',
      fault: latency({ link: 'orders->shard-eu-0', latencyMs: 800, jitterMs: 200 }),
    },
    { name: 'dead-gateway', at: '100s', for: '20s', fault: kill({ node: 'gateway-1' }) },
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
