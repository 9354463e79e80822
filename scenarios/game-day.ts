import { kill, latency, pause, scenario, sequence, slo, users, weighted } from 'stampede';
import { buyer, shopper } from './shop.ts';

/** The same faults for the embedded shop and for the one in containers: `--target compose`. */
export default scenario({
  name: 'game-day',
  question: 'Do shoppers notice a dead gateway, a shard that crawls, and a cache that stands still?',
  target: 'reference',
  load: {
    shoppers: users({
      stages: [{ to: 400, over: '10s' }, { hold: '80s' }],
      think: '2s..5s',
      flow: weighted([9, shopper], [1, buyer]),
    }),
  },
  faults: [
    sequence({
      at: '20s',
      gap: '10s',
      faults: [
        { for: '12s', fault: kill({ node: 'gateway-1' }), name: 'dead-gateway' },
        {
          for: '12s',
          fault: latency({ link: 'orders->shard-eu-0', latencyMs: 400, jitterMs: 100 }),
          name: 'slow-shard',
        },
        { for: '8s', fault: pause({ node: 'cache' }), name: 'still-cache' },
      ],
    }),
  ],
  slos: [
    slo('browse answers', { of: 'browse', errors: '< 1%' }),
    slo('browse p99', { of: 'browse', p99: '< 1s', during: ['steady', 'recovery'] }),
    slo('us checkouts unharmed by the eu shard', { of: 'checkout us', p99: '< 1s', during: 'fault:slow-shard' }),
    slo('a gateway answers', {
      // A scrape that is lost on a busy machine is no outage.
      promql: 'max(max_over_time(up{job="gateway"}[5s]))',
      is: '>= 1',
    }),
  ],
  invariants: ['orders-exactly-once'],
  stopWhen: [{ of: 'browse', errors: '> 80%', for: '10s' }],
});
