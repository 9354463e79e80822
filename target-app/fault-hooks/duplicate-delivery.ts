import { z } from 'zod';
import { deliverAgain } from '../service/repeated-delivery.ts';
import { defineFaultHook } from './fault-hook.ts';

/** The node delivers a share of what was acknowledged once more, as a broker does that has lost the acknowledgement. */
export const duplicateDelivery = defineFaultHook({
  settings: z.strictObject({ share: z.number().gt(0).max(1) }),

  begin({ share }) {
    deliverAgain(share);
    return () => deliverAgain(0);
  },
});
