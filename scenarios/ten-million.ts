import { scenario, slo, users } from 'stampede';
import { shopper } from './shop.ts';

/**
 * Ten million people have the shop open, each in a tab that they come back to after a while, within eighty minutes. What is asked of
 * the shop is little more than with a million; what is asked of the harness is to hold them all: about 9 GiB, and six
 * minutes.
 */
export default scenario({
  name: 'ten-million',
  question: 'Can one small machine hold ten million users, and let each act when it is due?',
  target: 'reference',
  agents: 10,
  load: {
    shoppers: users({ stages: [{ to: 10_000_000, over: '4m' }, { hold: '90s' }], flow: shopper('30s..80m') }),
  },
  slos: [slo('browse p99', { of: 'browse', p99: '< 250ms' }), slo('browse errors', { of: 'browse', errors: '< 0.5%' })],
});
