import { hotKey, kill, scenario, sequence, slo, slowReaders, thunderingHerd, users, weighted } from 'stampede';
import { buyer, shopper } from './shop.ts';

/**
 * Somebody famous has shown the shop: its cache falls over, all come back at the moment it is up again, one product is on
 * everybody's screen, and some hundred phones with one bar of reception hang on to their answers.
 */
export default scenario({
  name: 'viral',
  question: 'Do those who are in the shop already notice when the rest of the world comes in?',
  target: 'reference',
  load: {
    shoppers: users({
      stages: [{ to: 1_500, over: '8s' }, { hold: '72s' }],
      think: '3s..9s',
      flow: weighted([19, shopper], [1, buyer]),
    }),
  },
  faults: [
    sequence({
      at: '15s',
      gap: '500ms',
      faults: [
        { for: '5s', fault: kill({ node: 'cache' }), name: 'cold-cache' },
        { for: '10s', fault: thunderingHerd({ connections: 1_000, path: '/v1/products?page=7' }), name: 'herd' },
      ],
    }),
    { name: 'hot-product', at: '40s', for: '12s', fault: hotKey({ path: '/v1/products/1', perSec: 300 }) },
    {
      name: 'one-bar',
      at: '58s',
      for: '12s',
      // The biggest file there is, so that a few answers are more than the kernel takes for a reader.
      fault: slowReaders({ connections: 300, bytesPerSec: 1_000, path: '/static/shop.616f2204.js', ahead: 8 }),
    },
  ],
  slos: [
    slo('the shop answers', { of: 'browse', errors: '< 1%', during: ['steady', 'fault', 'recovery'] }),
    slo('browse p99', { of: 'browse', p99: '< 500ms', during: ['steady', 'recovery'] }),
    slo('others than the hot product', { of: 'browse', p99: '< 500ms', during: 'fault:hot-product' }),
    slo('slow readers hold up themselves only', { of: 'browse', p99: '< 500ms', during: 'fault:one-bar' }),
    slo('the herd is through in a moment', { of: 'browse', p95: '< 1s', during: 'fault:herd' }),
    slo('checkout errors', { of: 'checkout eu', errors: '< 2%' }),
  ],
  invariants: ['orders-exactly-once'],
});
