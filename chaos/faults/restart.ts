import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  type ContainerTarget,
  containerBaseline,
  containerField,
  now,
  pin,
  resolveContainers,
  startAgain,
} from '../docker/container-target.ts';
import { untilProven } from '../docker/until-proven.ts';
import type { FaultKind } from '../fault.ts';

const params = z.strictObject({
  node: containerField,
  graceSec: z
    .number()
    .int()
    .min(0)
    .max(60)
    .default(3)
    .describe('how long it may take to end by itself before it is killed, s, up to 60; 3 unless told'),
});

export type RestartParams = z.input<typeof params>;

/** A container is restarted by its engine, which does both halves of it whatever becomes of us. */
export const restart: FaultKind<z.output<typeof params>, ContainerTarget> = {
  kind: 'restart',
  family: 'container',
  about: 'A container is asked to end, killed when it has not after graceSec, and started again at once.',
  needs: 'a container on an engine',
  provenBy: 'another process, started later than the one before',
  undoneBy: 'the engine itself, which starts it again; else by us, by the watchdog, or by the next start',
  params,
  resolve: ({ node }, topology) => resolveContainers(node, topology),
  settings: ({ graceSec }) => `restarted, grace ${graceSec} s`,
  async prepare(_, target, signal) {
    await pin(target, signal);
  },
  undoOf: ({ graceSec }, target) => startAgain(target, graceSec * 1_000),
  baseline: containerBaseline,

  async apply({ graceSec }, target, { signal }) {
    const { id } = target.pinned ?? (await pin(target, signal));
    // Answered only when it has started again: that is for the proof to see. An order that is refused is refused soon.
    const restarting = target.engine.restart(id, graceSec, AbortSignal.timeout(graceSec * 1_000 + RESTART_MS));
    await Promise.race([restarting, sleep(REFUSED_SOON_MS, undefined, { signal })]);
    restarting.catch(() => {});
  },

  lasts: () => false,

  async prove(_, target, before, signal) {
    const { name } = target;
    const was = before.applied.container;
    return await untilProven(signal, `${name} was not restarted`, async () => {
      const state = await now(target, signal);
      if (state === undefined) return { proven: false, evidence: `${name} is not there any more` };
      if (!state.running) return `${name} is ${state.status}`;
      return state.startedAt === was?.startedAt
        ? `${name} (pid ${was.pid}) was not restarted`
        : { proven: true, evidence: `${name} was restarted: pid ${state.pid} instead of ${was?.pid}` };
    });
  },
};

const RESTART_MS = 10_000;
const REFUSED_SOON_MS = 300;
