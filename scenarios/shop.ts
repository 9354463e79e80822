import type { User } from 'stampede';

/** What people do in the reference shop. */

/** Clicks: mostly on lists, now and then on a product. */
export async function shopper(user: User) {
  const dice = user.random();
  if (dice < 0.6) await user.get(`/v1/products?page=${user.between(1, 50)}`, { as: 'browse' });
  else if (dice < 0.8) await user.get('/', { as: 'home' });
  // A few products are on everybody's lips.
  else await user.get(`/v1/products/${Math.ceil(1_000 * user.random() ** 3)}`, { as: 'product' });
}

/** Looks at the first page, picks something, buys it; tries once more, with the same key, when no answer comes. */
export async function buyer(user: User) {
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
