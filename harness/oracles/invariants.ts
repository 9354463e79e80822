import type { Oracle } from './oracle.ts';
import { ordersExactlyOnce } from './orders-exactly-once.ts';

/** Every invariant a scenario can name. */
export const invariants: Readonly<Record<string, Oracle>> = {
  'orders-exactly-once': ordersExactlyOnce,
};
