import { z } from 'zod';
import { containerMarkSchema } from '../docker/container-mark.ts';
import { openEngine } from '../docker/docker-client.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({ step: z.literal('unpause-container'), container: containerMarkSchema });

/** Lets a container run on. One that was started anew since, and paused again, was paused by somebody else. */
export const unpauseContainerStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  async perform({ container }, signal) {
    const engine = openEngine(container.engine);
    const state = await engine.find(container.id, signal);
    if (state?.paused && state.startedAt === container.startedAt) await engine.unpause(container.id, signal);
  },

  async verify({ container }, signal) {
    const state = await openEngine(container.engine).find(container.id, signal);
    if (state === undefined) return { clean: true, evidence: `${container.name} is not there any more` };
    if (!state.paused) return { clean: true, evidence: `${container.name} is ${state.status}` };
    return state.startedAt === container.startedAt
      ? { clean: false, evidence: `${container.name} is still paused` }
      : { clean: true, evidence: `${container.name} was started anew since, and paused by somebody else` };
  },
};
