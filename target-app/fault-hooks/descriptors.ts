import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { z } from 'zod';
import { defineFaultHook } from './fault-hook.ts';

/** Opening takes about 10 µs: between two slices others have their turn. */
const SLICE = 1_000;
const REFILL_MS = 10;

/** The process has run out of file descriptors but for `leave`, as one that forgets to close them. */
export const descriptors = defineFaultHook({
  settings: z.strictObject({ leave: z.int().min(0).max(1_000) }),

  begin({ leave }) {
    const held: number[] = [];
    let timer: NodeJS.Timeout | undefined;
    const fill = () => {
      const full = openMany(held, SLICE);
      if (full) for (const descriptor of held.splice(Math.max(0, held.length - leave))) closeSync(descriptor);
      // What others close in the meantime is not to be had either.
      timer = setTimeout(fill, full ? REFILL_MS : 0);
    };
    fill();
    return () => {
      clearTimeout(timer);
      for (const descriptor of held.splice(0)) closeSync(descriptor);
    };
  },
});

/** True when there are no more to be had. */
function openMany(held: number[], count: number): boolean {
  for (let opened = 0; opened < count; opened++) {
    try {
      held.push(openSync(devNull, 'r'));
    } catch {
      return true;
    }
  }
  return false;
}
