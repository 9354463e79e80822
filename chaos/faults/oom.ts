import { z } from 'zod';
import {
  type ContainerTarget,
  containerBaseline,
  containerField,
  markOf,
  now,
  pin,
  pinKept,
  pinned,
  resolveContainers,
} from '../docker/container-target.ts';
import { EngineError } from '../docker/engine-error.ts';
import { untilProven } from '../docker/until-proven.ts';
import type { FaultKind } from '../fault.ts';

const params = z.strictObject({ node: containerField });

export type OomParams = z.input<typeof params>;

/**
 * A container is ended by the kernel for want of memory. It gets little more than it uses now, and a shell in it then takes
 * all there is; its own main process is offered to the kernel first. What its restart policy does then is part of the fault.
 */
export const oom: FaultKind<z.output<typeof params>, ContainerTarget> = {
  kind: 'oom',
  family: 'resource',
  about:
    'A container is ended by the kernel for want of memory; what its restart policy then does is part of the fault.',
  needs: 'a container on an engine, with a shell (sh) in it',
  provenBy: 'the engine having been told by the kernel (OOMKilled), and the process id gone',
  undoneBy:
    'the limit it had before, and starting it, by us, by the watchdog, or by the next start; the engine knows no lease',
  params,
  resolve: ({ node }, topology) => resolveContainers(node, topology),
  settings: () => 'out of memory',
  async prepare(_, target, signal) {
    await pinKept(target, 'ended', signal);
  },

  undoOf(_, target) {
    const { limits, health } = pinned(target);
    const { memoryBytes, memorySwapBytes } = limits;
    // The kernel may have ended it, and the engine not have heard of that yet.
    const start = { healthy: health === 'healthy', endingMs: 1_500 };
    return { step: 'restore-limits', container: markOf(target), memory: { memoryBytes, memorySwapBytes }, start };
  },

  baseline: containerBaseline,

  async apply(_, target, { signal }) {
    const { id, limits } = target.pinned ?? (await pin(target, signal));
    const { memoryBytes } = await target.engine.stats(id, signal);
    const little = Math.max(memoryBytes, LEAST_BYTES) + SPARE_BYTES;
    const bytes = limits.memoryBytes > 0 ? Math.min(little, limits.memoryBytes) : little;
    await target.engine.setLimits(id, { memoryBytes: bytes, memorySwapBytes: bytes }, signal);
    try {
      const { exitCode, output } = await target.engine.exec(id, ['sh', '-c', TAKE_ALL], signal, '0');
      if (exitCode === 126 || exitCode === 127) throw new Error(`${target.name} has no shell: ${output.trim()}`);
    } catch (error) {
      // The engine may not know any more what ran in a container that has just ended: it did what it was to do.
      const ended = error instanceof EngineError && (error.reason === 'unknown' || error.reason === 'conflict');
      if (!ended) throw error;
    }
  },

  lasts: () => false,

  async prove(_, target, before, signal) {
    const { name } = target;
    const was = before.applied.container;
    return await untilProven(signal, `${name} was not ended for want of memory`, async () => {
      const state = await now(target, signal);
      if (state === undefined) return { proven: false, evidence: `${name} is not there any more` };
      if (state.oomKilled) {
        return { proven: true, evidence: `${name} (pid ${was?.pid}) was ended by the kernel for want of memory` };
      }
      const again = state.restartCount - (was?.restartCount ?? 0);
      if (again === 0) return `${name} was not ended for want of memory`;
      const evidence = `${name} (pid ${was?.pid}) has ended for want of memory, and was started again ${again} times`;
      return { proven: true, evidence };
    });
  },
};

/**
 * Processes that double what they hold until the kernel says no; process 1 of the container is the one to end then. There
 * are several, so that none of them is ever larger than the kernel's handicap makes process 1 look.
 */
const TAKE_ALL = `echo 1000 > /proc/1/oom_score_adj
take() { x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done; }
take & take & take & take & wait`;
/** The engine takes no limit under 6 MiB. */
const LEAST_BYTES = 6 * 2 ** 20;
const SPARE_BYTES = 4 * 2 ** 20;
