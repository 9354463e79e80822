import { once } from 'node:events';
import { setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { AntagonistKind } from './antagonist.ts';

const settings = z.strictObject({ loops: z.int().min(1), nice: z.int().min(-20).max(19) });

/** Threads that do nothing, as fast as they can. The main thread stays free for its timer. */
export const busyLoops: AntagonistKind<z.output<typeof settings>> = {
  settings,
  async begin({ loops, nice }) {
    // Before there are threads: on Linux each thread has a priority of its own, which it takes over from its maker.
    setPriority(nice);
    const workers = Array.from({ length: loops }, () => new Worker('for (;;);', { eval: true }));
    await Promise.all(workers.map((worker) => once(worker, 'online')));
  },
};
