import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { containerMarkSchema } from '../docker/container-mark.ts';
import { openEngine } from '../docker/docker-client.ts';
import { cpuAsBefore, limitsDiffer, memoryAsBefore } from '../docker/limits.ts';
import { startContainerStep } from './start-container.ts';
import type { UndoStepKind } from './undo-step.ts';

const cpuSchema = z.strictObject({ nanoCpus: z.number(), cpuQuota: z.number(), cpuPeriod: z.number() });
const memorySchema = z.strictObject({ memoryBytes: z.number(), memorySwapBytes: z.number() });

const schema = z.strictObject({
  step: z.literal('restore-limits'),
  container: containerMarkSchema,
  /** As they were before, each where the fault changed it. */
  cpu: cpuSchema.optional(),
  memory: memorySchema.optional(),
  /** For a fault that may have ended the container too: it is to run, and to be healthy where it was. */
  start: z.strictObject({ healthy: z.boolean(), endingMs: z.number().nonnegative().default(0) }).optional(),
});

/** Gives a container back the limits it had, not those that somebody thinks usual. */
export const restoreLimitsStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  async perform({ container, cpu, memory, start }, signal) {
    const engine = openEngine(container.engine);
    const before = { ...cpu, ...memory };
    const giveUpMs = performance.now() + NOTICED_MS;
    for (;;) {
      const state = await engine.find(container.id, signal);
      if (state === undefined) return;
      if (limitsDiffer(before, state.limits).length === 0) break;
      const limits = { ...(cpu ? cpuAsBefore(cpu, state.limits) : {}), ...(memory ? memoryAsBefore(memory) : {}) };
      try {
        await engine.setLimits(container.id, limits, signal);
        break;
      } catch (error) {
        // It has just ended, and the engine does not know it yet; once it does, it takes the limits for the next start.
        if (signal.aborted || performance.now() > giveUpMs) throw error;
        await sleep(100, undefined, { signal });
      }
    }
    if (start) await startContainerStep.perform({ step: 'start-container', container, ...start }, signal);
  },

  async verify({ container, cpu, memory, start }, signal) {
    const state = await openEngine(container.engine).find(container.id, signal);
    if (state === undefined) return { clean: true, evidence: `${container.name} is not there any more` };
    const differing = limitsDiffer({ ...cpu, ...memory }, state.limits);
    if (differing.length > 0) {
      return { clean: false, evidence: `${container.name} has other limits than before: ${differing.join(', ')}` };
    }
    const evidence = `${container.name} has the limits it had`;
    if (!start) return { clean: true, evidence };
    const started = await startContainerStep.verify({ step: 'start-container', container, ...start }, signal);
    return started.clean ? { clean: true, evidence: `${evidence}, and runs` } : started;
  },
};

/** An engine on a busy machine hears of a container's end so late. */
const NOTICED_MS = 5_000;
