import { z } from 'zod';
import {
  type ContainerTarget,
  containerBaseline,
  containerField,
  markOf,
  pin,
  pinned,
  resolveContainers,
} from '../docker/container-target.ts';
import { untilProven } from '../docker/until-proven.ts';
import type { FaultKind } from '../fault.ts';

const MIB = 2 ** 20;

const params = z.strictObject({
  node: containerField,
  memoryMiB: z.number().int().min(6).max(1_048_576).describe('memory it may use, swap included, MiB, 6 to 1,048,576'),
});

export type MemoryLimitParams = z.input<typeof params>;

/** A container gets no more memory than so much: the kernel takes its caches, and then ends what wants more. */
export const memoryLimit: FaultKind<z.output<typeof params>, ContainerTarget> = {
  kind: 'memory-limit',
  family: 'resource',
  about: 'A container gets so much memory and no more: the kernel takes its caches, then ends a process of it.',
  needs: 'a container on an engine, that comes near to using that much; less than it uses now may be refused',
  provenBy:
    'the limit as the kernel has it, and the container at it: nine tenths used, or more having been refused to it',
  undoneBy: 'the limit it had before, by us, by the watchdog, or by the next start; the engine knows no lease',
  params,
  resolve: ({ node }, topology) => resolveContainers(node, topology, 'memory'),
  settings: ({ memoryMiB }) => `${memoryMiB} MiB`,

  async prepare({ memoryMiB }, target, signal) {
    const had = (await pin(target, signal)).limits.memoryBytes / MIB;
    if (had > 0 && had <= memoryMiB) {
      throw new Error(`${target.name} may use ${had} MiB already: a limit of ${memoryMiB} takes nothing from it`);
    }
  },

  /** Its own process may be ended by the kernel: the undo starts it again. */
  undoOf(_, target) {
    const { limits, health } = pinned(target);
    const { memoryBytes, memorySwapBytes } = limits;
    const start = { healthy: health === 'healthy', endingMs: 0 };
    return { step: 'restore-limits', container: markOf(target), memory: { memoryBytes, memorySwapBytes }, start };
  },

  baseline: containerBaseline,

  async apply({ memoryMiB }, target, { signal }) {
    const { id } = target.pinned ?? (await pin(target, signal));
    await target.engine.setLimits(id, { memoryBytes: memoryMiB * MIB, memorySwapBytes: memoryMiB * MIB }, signal);
  },

  async prove({ memoryMiB }, target, before, signal) {
    const { name, engine } = target;
    let refusals: number | undefined;
    return await untilProven(signal, `the counters of ${name} could not be read`, async () => {
      const state = await engine.find(pinned(target).id, signal);
      if (state?.oomKilled) return { proven: true, evidence: `${name} was ended by the kernel for want of memory` };
      if (!state?.running || state.startedAt !== before.applied.container?.startedAt) {
        return { proven: false, evidence: `${name} ended, and not for want of memory` };
      }
      const { memoryBytes, memoryLimitBytes, memoryRefusals } = await engine.stats(state.id, signal);
      const refused = memoryRefusals - (refusals ?? memoryRefusals);
      refusals ??= memoryRefusals;
      if (memoryLimitBytes !== memoryMiB * MIB) {
        return `${name} has another limit than ${memoryMiB} MiB: ${Math.round(memoryLimitBytes / MIB)} MiB`;
      }
      const uses = `${name} uses ${Math.round(memoryBytes / MIB)} of ${memoryMiB} MiB`;
      if (refused > 0) return { proven: true, evidence: `${uses}, and was refused more ${refused} times` };
      if (memoryBytes >= memoryLimitBytes * NEAR) return { proven: true, evidence: uses };
      return `${uses}: it does not come near to its limit`;
    });
  },
};

const NEAR = 0.9;
