import { arrivals, kill, latency, scenario, slo, type User, users } from 'stampede';

/**
 * A shop that went viral: a million people have it open at once. They read for two or three minutes between two clicks, as people
 * do who came from a link, and most of what they click lies at the edge; a few dozen a second buy. Then one of the two
 * order databases crawls, and a gateway dies.
 */
export default scenario({
  name: 'million',
  question: 'Does the shop survive its first million users, a slow shard and a dead gateway?',
  target: 'reference',
  // Each holds a quarter: when one dies, a third more for each of the others is soon taken over.
  agents: 4,
  load: {
    shoppers: users({ stages: [{ to: 1_000_000, over: '60s' }, { hold: '120s' }], flow: shop }),
    buyers: arrivals({ stages: [{ to: 30, per: '1s', over: '60s' }, { hold: '120s' }], process: 'poisson', flow: buy }),
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

/** Two and a half minutes of reading, a click: mostly lists, now and then a product. */
async function shop(user: User) {
  await user.think('60s..240s');
  const dice = user.random();
  if (dice < 0.6) await user.get(`/v1/products?page=${user.between(1, 50)}`, { as: 'browse' });
  else if (dice < 0.8) await user.get('/', { as: 'home' });
  // A few products are on everybody's lips.
  else await user.get(`/v1/products/${Math.ceil(1_000 * user.random() ** 3)}`, { as: 'product' });
}

/** Looks at the first page, picks something, buys it; tries once more, with the same key, when no answer comes. */
async function buy(user: User) {
  const region = user.pick(['eu', 'us'] as const);
  const page = await user.get('/v1/products?page=1', { as: 'browse' });
  const product = user.pick(page.json<{ products: { id: number }[] }>().products);
  const order = {
    as: `checkout ${region}`,
    idempotencyKey: user.uuid(),
    json: { userId: `${region}-${user.index}`, items: [{ productId: product.id, quantity: user.between(1, 3) }] },
  };
  try {
    const answer = await user.post('/v1/orders', order);
    if (answer.status < 500) return;
  } catch {
    // Nobody knows whether that order went through; the key makes it safe to ask again.
  }
  await user.think('1s');
  await user.post('/v1/orders', order);
}
