import { scenario, slo, users } from 'stampede';
import { shopper } from './shop.ts';

/**
 * Ten million people have the shop open, each in a tab that they come back to within two hours. What is asked of the shop is
 * less than with a million; what is asked of the harness is to hold them all. Takes four minutes.
 */
export default scenario({
  name: 'ten-million',
  question: 'Can one small machine hold ten million users, and let each act when it is due?',
  target: 'reference',
  agents: 4,
  load: {
    shoppers: users({ stages: [{ to: 10_000_000, over: '3m' }, { hold: '60s' }], think: '1m..2h', flow: shopper }),
  },
  slos: [slo('browse p99', { of: 'browse', p99: '< 250ms' }), slo('browse errors', { of: 'browse', errors: '< 0.5%' })],
});
