import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  type ContainerTarget,
  containerBaseline,
  containerField,
  now,
  pin,
  pinKept,
  resolveContainers,
  startAgain,
} from '../docker/container-target.ts';
import { proveEnded } from '../docker/ended.ts';
import type { FaultKind } from '../fault.ts';

const params = z.strictObject({
  node: containerField,
  graceMs: z
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(3_000)
    .describe('how long it may take to end by itself before it is killed, ms, up to 60,000; 3,000 unless told'),
});

export type StopParams = z.input<typeof params>;

/**
 * A container is asked to end, as a deployment does. Asking and killing are two orders of ours, not one `stop` of the
 * engine: that would go on, and end the container, after we had been killed and the container been started again.
 */
export const stop: FaultKind<z.output<typeof params>, ContainerTarget> = {
  kind: 'stop',
  family: 'container',
  about: 'A container is asked to end (its stop signal), and killed when it has not after graceMs.',
  needs: 'a container on an engine',
  provenBy: 'the container ended, and no connection accepted at its door',
  undoneBy: 'starting it, by us, by the watchdog, or by the next start; the engine knows no lease',
  params,
  resolve: ({ node }, topology) => resolveContainers(node, topology),
  settings: ({ graceMs }) => `stopped, grace ${graceMs} ms`,
  async prepare(_, target, signal) {
    await pinKept(target, 'stopped', signal);
  },
  undoOf: ({ graceMs }, target) => startAgain(target, graceMs),
  baseline: containerBaseline,

  async apply({ graceMs }, target, { signal }) {
    const { id, stopSignal } = target.pinned ?? (await pin(target, signal));
    await target.engine.kill(id, stopSignal, signal);
    // The rest of the grace is waited for by whoever proves.
    target.killAtMs = performance.now() + graceMs;
  },

  async prove(_, target, before, signal) {
    const was = before.applied.container;
    try {
      while (!signal.aborted && target.killAtMs !== undefined) {
        const state = await now(target, signal);
        if (!state?.running || state.startedAt !== was?.startedAt) break;
        if (performance.now() >= target.killAtMs) await target.engine.kill(state.id, 'SIGKILL', signal);
        await sleep(50);
      }
    } catch (error) {
      // The end of our time is no trouble with the engine; what was seen by then is told below.
      if (!signal.aborted) throw error;
    }
    return await proveEnded(target, was, signal);
  },
};
