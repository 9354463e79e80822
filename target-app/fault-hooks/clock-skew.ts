import { z } from 'zod';
import { skewBy } from '../service/wall-clock.ts';
import { defineFaultHook } from './fault-hook.ts';

const TEN_YEARS_MS = 315_360_000_000;

/** The node's clock is wrong. */
export const clockSkew = defineFaultHook({
  settings: z.strictObject({ skewMs: z.int().min(-TEN_YEARS_MS).max(TEN_YEARS_MS) }),

  begin({ skewMs }) {
    skewBy(skewMs);
    return () => skewBy(0);
  },
});
