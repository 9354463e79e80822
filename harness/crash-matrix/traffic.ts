import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Somebody who uses every link of the reference shop, all the time, whether it works or not: a fault on an idle link proves
 * nothing. Bounded by the signal, and by a few requests at a time.
 */
export async function useTheShop(entry: string, signal: AbortSignal): Promise<void> {
  let turn = 0;
  const loop = async (everyMs: number, ask: () => Promise<Response>) => {
    while (!signal.aborted) {
      await ask()
        .then((response) => response.arrayBuffer())
        .catch(() => {});
      await sleep(everyMs, undefined, { signal }).catch(() => {});
    }
  };
  const soon = () => AbortSignal.any([signal, AbortSignal.timeout(1_500)]);
  const browse = () => fetch(`${entry}/v1/products/${(turn++ % 900) + 1}?x=${turn}`, { signal: soon() });
  const buy = (region: string) => () =>
    fetch(`${entry}/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({ userId: `${region}-1`, items: [{ productId: 1, quantity: 1 }] }),
      signal: soon(),
    });
  await Promise.all([...Array.from({ length: 6 }, () => loop(40, browse)), loop(200, buy('eu')), loop(200, buy('us'))]);
}
