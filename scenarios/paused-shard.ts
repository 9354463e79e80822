import { arrivals, pause, scenario, slo, users } from 'stampede';
import { buyer, shopper } from './shop.ts';

/**
 * A database that is there and does not answer is worse than one that is gone: connections stay open, new ones are accepted,
 * and whoever waits without a limit waits for good. The processes of one of the two order databases are stopped for 20 s.
 */
export default scenario({
  name: 'paused-shard',
  question: 'Does the shop notice when a shard stops answering but stays connected?',
  target: 'reference',
  load: {
    shoppers: users({ stages: [{ to: 500, over: '10s' }, { hold: '80s' }], think: '5s..15s', flow: shopper }),
    buyers: arrivals({ stages: [{ to: 10, per: '1s', over: '10s' }, { hold: '80s' }], flow: buyer }),
  },
  faults: [{ name: 'paused-shard', at: '25s', for: '20s', fault: pause({ node: 'shard-eu-0' }) }],
  slos: [
    slo('browse p99', { of: 'browse', p99: '< 500ms' }),
    slo('browse errors', { of: 'browse', errors: '< 0.5%' }),
    // Nobody can buy from a shard that does not answer, but everybody is to hear of it in time.
    slo('EU is told in time', { of: 'checkout eu', p99: '< 6000ms', during: 'fault' }),
    slo('EU comes back', { of: 'checkout eu', errors: '< 1%', during: ['steady', 'recovery'] }),
    slo('US unharmed', { of: 'checkout us', p95: '< 500ms' }),
    slo('US errors', { of: 'checkout us', errors: '< 1%' }),
  ],
  invariants: ['orders-exactly-once'],
});
