import { arrivals, scenario, slo, users } from 'stampede';
import { buyer, shopper } from './shop.ts';

/** Load from within the stack of docker-compose.yml: its agents are containers too, and see only the edge. */
export default scenario({
  name: 'inside',
  question: 'Does the shop in containers serve 500 users, asked from inside of its own network?',
  target: { url: 'http://edge:8080' },
  load: {
    shoppers: users({ stages: [{ to: 500, over: '10s' }, { hold: '30s' }], think: '2s..8s', flow: shopper }),
    buyers: arrivals({ stages: [{ to: 10, per: '1s', over: '10s' }, { hold: '30s' }], flow: buyer }),
  },
  slos: [slo('browse errors', { of: 'browse', errors: '< 0.5%' }), slo('browse p99', { of: 'browse', p99: '< 500ms' })],
});
