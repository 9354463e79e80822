import { describe, expect, test } from 'vitest';
import { fingerprint, parseOrder, priceItems } from './order-request.ts';

describe('an order request', () => {
  test('names every problem at once', () => {
    const parsed = parseOrder({ userId: 'nobody', items: [{ productId: 1_001, quantity: 0 }], gift: true }, undefined);
    expect(parsed.kind).toBe('invalid');
    const text = parsed.kind === 'invalid' ? parsed.problems.join('\n') : '';
    expect(text).toContain('Idempotency-Key');
    expect(text).toContain('userId: expected <region>-<anything>, like eu-123');
    expect(text).toContain('items.0.productId');
    expect(text).toContain('items.0.quantity');
    expect(text).toContain('gift');
  });

  test('costs the sum of its lines', () => {
    const { items, totalCents } = priceItems({
      userId: 'eu-1',
      items: [
        { productId: 7, quantity: 2 },
        { productId: 9, quantity: 1 },
      ],
    });
    const [seven, nine] = items;
    expect(totalCents).toBe(2 * (seven?.unitCents ?? 0) + (nine?.unitCents ?? 0));
    expect(totalCents).toBeGreaterThan(0);
  });

  test('has a fingerprint of what is ordered and by whom', () => {
    const order = { userId: 'eu-1', items: [{ productId: 7, quantity: 2 }] };
    expect(fingerprint({ items: [{ quantity: 2, productId: 7 }], userId: 'eu-1' })).toBe(fingerprint(order));
    expect(fingerprint({ ...order, userId: 'eu-2' })).not.toBe(fingerprint(order));
    expect(fingerprint({ ...order, items: [{ productId: 7, quantity: 3 }] })).not.toBe(fingerprint(order));
  });
});
