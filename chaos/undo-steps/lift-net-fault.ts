import { z } from 'zod';
import { containerMarkSchema } from '../docker/container-mark.ts';
import { openEngine } from '../docker/docker-client.ts';
import { liftNetFault } from '../docker/net-helper.ts';
import { findNetMarks } from '../docker/net-marks.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({
  step: z.literal('lift-net-fault'),
  container: containerMarkSchema,
  /** The fault's id, which its rules carry. */
  id: z.string(),
  /** The image that has the tools. */
  image: z.string(),
});

/** Takes the rules of a fault out of the network of a container, and nobody else's. */
export const liftNetFaultStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  perform: ({ container, id, image }, signal) =>
    liftNetFault(openEngine(container.engine), { id, target: container.id, image }, signal),

  async verify({ container, id, image }, signal) {
    const engine = openEngine(container.engine);
    const state = await engine.find(container.id, signal);
    if (state === undefined) return { clean: true, evidence: `${container.name} is not there any more` };
    if (!state.running) return { clean: true, evidence: `${container.name} is ${state.status}: its network is gone` };
    const marks = await findNetMarks(engine, image, [{ name: container.name, pid: state.pid }], signal);
    const ours = marks.filter((mark) => mark.id === undefined || mark.id === id);
    return ours.length === 0
      ? { clean: true, evidence: `no rule of ours is left in the network of ${container.name}` }
      : { clean: false, evidence: ours.map(({ text }) => text).join(', ') };
  },
};
