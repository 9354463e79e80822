import { arrivals, scenario, slo, terminate, users } from 'stampede';
import { buyer, shopper } from './shop.ts';

/**
 * An update takes the gateways down one after the other: each is asked to end, is away for ten seconds, and comes back. There
 * is no reason for a user to notice, as long as a gateway finishes what it has accepted and its balancer looks in time.
 */
export default scenario({
  name: 'rolling-update',
  question: 'Does a rolling update of the gateways cost anybody a request?',
  target: 'reference',
  load: {
    shoppers: users({ stages: [{ to: 500, over: '10s' }, { hold: '80s' }], think: '5s..15s', flow: shopper }),
    buyers: arrivals({ stages: [{ to: 10, per: '1s', over: '10s' }, { hold: '80s' }], flow: buyer }),
  },
  faults: [
    { name: 'update-1', at: '25s', for: '10s', fault: terminate({ node: 'gateway-1' }) },
    { name: 'update-2', at: '55s', for: '10s', fault: terminate({ node: 'gateway-2' }) },
  ],
  slos: [
    slo('browse errors', { of: 'browse', errors: '< 0.1%' }),
    slo('checkout errors EU', { of: 'checkout eu', errors: '< 0.1%' }),
    slo('checkout errors US', { of: 'checkout us', errors: '< 0.1%' }),
    slo('browse p99', { of: 'browse', p99: '< 500ms' }),
    slo('checkout p95', { of: 'checkout eu', p95: '< 500ms' }),
  ],
  invariants: ['orders-exactly-once'],
});
