import { z } from 'zod';
import {
  type ContainerTarget,
  containerBaseline,
  containerField,
  markOf,
  now,
  pin,
  pinned,
  resolveContainers,
} from '../docker/container-target.ts';
import type { ContainerStats } from '../docker/engine-answers.ts';
import { cpuLimited, cpusOf } from '../docker/limits.ts';
import { untilProven } from '../docker/until-proven.ts';
import type { FaultKind } from '../fault.ts';

const params = z.strictObject({
  node: containerField,
  cpus: z.number().min(0.01).max(1_024).describe('CPUs it may use, 0.01 to 1,024: 0.2 is a fifth of one'),
});

export type CpuLimitParams = z.input<typeof params>;

/** A container may use so much CPU time, and then waits for the next tenth of a second. */
export const cpuLimit: FaultKind<z.output<typeof params>, ContainerTarget> = {
  kind: 'cpu-limit',
  family: 'resource',
  about: 'A container may use so many CPUs; when they are used up it stands still for the rest of a tenth of a second.',
  needs: 'a container on an engine, that uses more CPU time than that',
  provenBy: "the kernel's count of the times it was made to wait, growing, and the CPU time it uses",
  undoneBy: 'the limit it had before, by us, by the watchdog, or by the next start; the engine knows no lease',
  params,
  resolve: ({ node }, topology) => resolveContainers(node, topology, 'cpu'),
  settings: ({ cpus }) => `${cpus} CPU`,

  async prepare({ cpus }, target, signal) {
    const { limits } = await pin(target, signal);
    const had = cpusOf(limits);
    if (had !== undefined && had <= cpus) {
      throw new Error(`${target.name} may use ${had} CPU already: a limit of ${cpus} takes nothing from it`);
    }
  },

  undoOf(_, target) {
    const { nanoCpus, cpuQuota, cpuPeriod } = pinned(target).limits;
    return { step: 'restore-limits', container: markOf(target), cpu: { nanoCpus, cpuQuota, cpuPeriod } };
  },

  baseline: containerBaseline,

  async apply({ cpus }, target, { signal }) {
    const { id, limits } = target.pinned ?? (await pin(target, signal));
    await target.engine.setLimits(id, cpuLimited(cpus, limits), signal);
  },

  async prove({ cpus }, target, before, signal) {
    const { name, engine } = target;
    const id = pinned(target).id;
    let last: { stats: ContainerStats; atMs: number } | undefined;
    return await untilProven(signal, `the counters of ${name} could not be read twice`, async () => {
      const stats = await engine.stats(id, signal);
      const state = await now(target, signal);
      if (!state || state.startedAt !== before.applied.container?.startedAt) {
        return { proven: false, evidence: `${name} ended` };
      }
      const atMs = performance.now();
      const from = last;
      last = { stats, atMs };
      if (from === undefined) return `the counters of ${name} could not be read twice`;
      const used = (stats.cpuNs - from.stats.cpuNs) / 1e6 / (atMs - from.atMs);
      const waits = stats.throttledPeriods - from.stats.throttledPeriods;
      const periods = stats.periods - from.stats.periods;
      const uses = `${name} uses ${used.toFixed(2)} CPU`;
      if (waits > 0 && used <= cpus * TOLERANCE + NOISE_CPUS) {
        return { proven: true, evidence: `${uses}, and was made to wait in ${waits} of ${periods} periods` };
      }
      if (cpusOf(state.limits) === undefined) return `${uses}, and has no limit`;
      return waits > 0
        ? `${uses}, more than its limit`
        : `${uses}, and never had to wait: it wants no more, or others on its machine leave it no more`;
    });
  },
};

/** A period's worth more, and what two readings a second apart are off by. */
const TOLERANCE = 1.5;
const NOISE_CPUS = 0.05;
