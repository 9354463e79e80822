import { z } from 'zod';
import { containerMarkSchema } from '../docker/container-mark.ts';
import { endDiskLease, readDiskLimit, writeDiskLimit } from '../docker/disk.ts';
import { openEngine } from '../docker/docker-client.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({
  step: z.literal('restore-disk-limit'),
  container: containerMarkSchema,
  id: z.string(),
  image: z.string(),
  /** As it was before; 0 is none. */
  device: z.string(),
  bytesPerSec: z.number(),
});

/** Gives a container back what it might write. One that was started anew has no limit of ours: they go with the process. */
export const restoreDiskLimitStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  async perform({ container, id, image, device, bytesPerSec }, signal) {
    const engine = openEngine(container.engine);
    const state = await engine.find(container.id, signal);
    const job = { id, target: container.id, pid: state?.pid ?? 0, image };
    if (state?.running && state.startedAt === container.startedAt) {
      await writeDiskLimit(engine, job, { device, bytesPerSec }, signal);
    }
    await endDiskLease(engine, job, signal);
  },

  async verify({ container, id, image, bytesPerSec }, signal) {
    const engine = openEngine(container.engine);
    const state = await engine.find(container.id, signal);
    if (state === undefined) return { clean: true, evidence: `${container.name} is not there any more` };
    if (!state.running || state.startedAt !== container.startedAt) {
      return { clean: true, evidence: `${container.name} has ended since, and its limit with it` };
    }
    const now = await readDiskLimit(engine, { id, target: container.id, pid: state.pid, image }, signal);
    const show = (value: number) => (value === 0 ? 'as much as it can' : `${value / 1_000} KB/s`);
    const evidence = `${container.name} may write ${show(now.bytesPerSec)}`;
    return now.bytesPerSec === bytesPerSec
      ? { clean: true, evidence }
      : { clean: false, evidence: `${evidence}, and ${show(bytesPerSec)} before` };
  },
};
