import { z } from 'zod';
import { defineFaultHook } from './fault-hook.ts';

/**
 * Every `everyMs` nothing happens for `blockMs`: no answer, no timer, no new connection. It sleeps, so that the fault is
 * this process and not a machine without CPU. In between there is always room for the order to stop.
 */
export const eventLoopBlock = defineFaultHook({
  settings: z
    .strictObject({ blockMs: z.int().min(1).max(60_000), everyMs: z.int().min(2).max(600_000) })
    .refine(({ blockMs, everyMs }) => blockMs < everyMs, 'blockMs must be less than everyMs'),

  begin({ blockMs, everyMs }, leftMs) {
    const never = new Int32Array(new SharedArrayBuffer(4));
    const block = () => {
      Atomics.wait(never, 0, 0, Math.min(blockMs, leftMs()));
    };
    const timer = setInterval(block, everyMs);
    setImmediate(block);
    return () => clearInterval(timer);
  },
});
