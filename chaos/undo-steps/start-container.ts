import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { containerMarkSchema } from '../docker/container-mark.ts';
import { openEngine } from '../docker/docker-client.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({
  step: z.literal('start-container'),
  container: containerMarkSchema,
  /** It had a health check that said so before the fault: it must say so again. */
  healthy: z.boolean(),
  /** It may have been asked to end, and still be about to: so long it had to do so. */
  endingMs: z.number().nonnegative().default(0),
});

/** Starts a container that a fault has ended. One that was removed meanwhile has no fault left in it. */
export const startContainerStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  async perform({ container, endingMs }, signal) {
    const engine = openEngine(container.engine);
    const untilMs = performance.now() + endingMs;
    let state = await engine.find(container.id, signal);
    while (state?.running && state.startedAt === container.startedAt && performance.now() < untilMs) {
      await sleep(100, undefined, { signal });
      state = await engine.find(container.id, signal);
    }
    // A paused one runs: it was paused by another fault, whose own step unpauses it.
    if (state && !state.running) await engine.start(container.id, signal);
  },

  /** Health checks come at their own times: waits for the next, as long as the caller lets us. */
  async verify({ container, healthy }, signal) {
    const engine = openEngine(container.engine);
    let seen = 'is in an unknown state';
    while (!signal.aborted) {
      const state = await engine.find(container.id, signal);
      if (state === undefined) return { clean: true, evidence: `${container.name} is not there any more` };
      if (state.running && !(healthy && state.health !== 'healthy')) {
        return { clean: true, evidence: `${container.name} runs${healthy ? ' and is healthy' : ''}` };
      }
      seen = state.running ? `runs, but its health is ${state.health ?? 'not checked'}` : `is ${state.status}`;
      await sleep(100);
    }
    return { clean: false, evidence: `${container.name} ${seen}` };
  },
};
