import { z } from 'zod';

/**
 * Deliberate bugs, off unless asked for. A check that has never caught one of them proves nothing.
 * - `ack-before-store`: answers 201 first and stores afterwards, whatever comes of it; 1 order in 20 is never stored.
 * - `no-idempotency`: ignores the key, so a repeated order is stored again.
 */
export const MUTANTS = ['ack-before-store', 'no-idempotency'] as const;

export const mutantsSetting = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter((word) => word !== ''))
  .pipe(z.array(z.enum(MUTANTS)));
