import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { AntagonistKind } from './antagonist.ts';

const settings = z.strictObject({ megabytes: z.int().min(1) });

const MEGABYTE = 1024 * 1024;
const PAGE_BYTES = 4_096;
/** Often enough that its pages are never the ones that were used longest ago. */
const TOUCH_EVERY_MS = 1_000;

/** Memory that is really used: written to page by page, and again every second, so that it is not swapped out. */
export const heldMemory: AntagonistKind<z.output<typeof settings>> = {
  settings,
  async begin({ megabytes }) {
    const held: Buffer[] = [];
    while (held.length < megabytes) {
      held.push(Buffer.allocUnsafeSlow(MEGABYTE).fill(held.length % 255 || 1));
      // Between two megabytes the process can end on time.
      await setImmediate();
    }
    setInterval(() => {
      for (const piece of held) {
        for (let at = 0; at < piece.length; at += PAGE_BYTES) piece[at] = ((piece[at] ?? 0) + 1) & 0xff;
      }
    }, TOUCH_EVERY_MS);
  },
};
