import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PRODUCT_COUNT, priceCents } from '../../price-list.ts';

const orderSchema = z.strictObject({
  userId: z.string().regex(/^[a-z]+-.{1,64}$/, 'expected <region>-<anything>, like eu-123'),
  items: z
    .array(
      z.strictObject({
        productId: z.int().min(1).max(PRODUCT_COUNT),
        quantity: z.int().min(1).max(100),
      }),
    )
    .min(1)
    .max(50),
});

export type OrderRequest = z.infer<typeof orderSchema>;

export type ParsedOrder = { kind: 'order'; order: OrderRequest } | { kind: 'invalid'; problems: string[] };

/** Reads a body and its Idempotency-Key header; every problem at once. */
export function parseOrder(body: unknown, idempotencyKey: unknown): ParsedOrder {
  const problems: string[] = [];
  if (typeof idempotencyKey !== 'string' || idempotencyKey.length === 0 || idempotencyKey.length > 200) {
    problems.push('header Idempotency-Key: expected 1 to 200 characters, the same for every try of one order');
  }
  const parsed = orderSchema.safeParse(body);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`));
  }
  if (!parsed.success || problems.length > 0) return { kind: 'invalid', problems };
  return { kind: 'order', order: parsed.data };
}

export interface PricedItem {
  line: number;
  productId: number;
  quantity: number;
  unitCents: number;
}

export function priceItems(order: OrderRequest): { items: PricedItem[]; totalCents: number } {
  const items = order.items.map(({ productId, quantity }, index) => {
    return { line: index + 1, productId, quantity, unitCents: priceCents(productId) };
  });
  return { items, totalCents: items.reduce((sum, { quantity, unitCents }) => sum + quantity * unitCents, 0) };
}

/** Two tries of one order have the same fingerprint, whatever the order of keys in their JSON. */
export function fingerprint(order: OrderRequest): string {
  const content = [order.userId, ...order.items.map(({ productId, quantity }) => `${productId}x${quantity}`)];
  return createHash('sha256').update(content.join('\n')).digest('base64url');
}
