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
import { type DiskLimit, readDiskLimit, startDiskLease, timeWrite, writeDiskLimit } from '../docker/disk.ts';
import { toolsImage } from '../docker/helper.ts';
import { EffectGone, untilProven } from '../docker/until-proven.ts';
import type { FaultKind } from '../fault.ts';

const params = z.strictObject({
  node: containerField,
  kbPerSec: z
    .number()
    .int()
    .min(16)
    .max(10_000_000)
    .describe('what it may write to its disk, KB/s (1 KB = 1000 bytes), 16 to 10,000,000'),
});

export type DiskWriteLimitParams = z.input<typeof params>;

interface DiskTarget extends ContainerTarget {
  limit?: DiskLimit;
  /** What a write took before. */
  usualSec?: number;
}

/**
 * A container writes to its disk slowly. It is felt where a write waits for the disk (direct writes, fsync: databases); on
 * control groups of the first version all other writes go to the kernel's cache, and are not held up.
 */
export const diskWriteLimit: FaultKind<z.output<typeof params>, DiskTarget> = {
  kind: 'disk-write-limit',
  family: 'resource',
  about: 'A container writes kbPerSec to its disk and no more; felt by what waits for the disk, as databases do.',
  needs:
    'a container on an engine, whose files are on a disk; an image with sh and dd on the engine (STAMPEDE_TOOLS_IMAGE)',
  provenBy: "the time that a direct write takes in the container's own control group, against before",
  undoneBy: 'the limit it had before; a helper container sets it 10 s after the fault should have ended',
  params,
  resolve: ({ node }, topology) => resolveContainers(node, topology, 'disk'),
  settings: ({ kbPerSec }) => `${kbPerSec.toLocaleString('en-US')} KB/s`,

  async prepare({ kbPerSec }, target, signal) {
    await pin(target, signal);
    const limit = await readDiskLimit(target.engine, jobOf(target, 'disk'), signal);
    target.limit = limit;
    if (limit.bytesPerSec > 0 && limit.bytesPerSec <= kbPerSec * 1_000) {
      throw new Error(
        `${target.name} may write ${limit.bytesPerSec / 1_000} KB/s already: ${kbPerSec} takes nothing from it`,
      );
    }
  },

  undoOf(_, target, id) {
    const { device, bytesPerSec } = limitOf(target);
    return { step: 'restore-disk-limit', container: markOf(target), id, image: toolsImage(), device, bytesPerSec };
  },

  baseline: containerBaseline,

  async apply({ kbPerSec }, target, { id, forMs, signal }) {
    const before = limitOf(target);
    const job = jobOf(target, id);
    await startDiskLease(target.engine, job, before, forMs + LEASE_MARGIN_MS, signal);
    const usualSec = await timeWrite(target.engine, job, probeBytes(kbPerSec), signal);
    target.usualSec = usualSec;
    await writeDiskLimit(target.engine, job, { device: before.device, bytesPerSec: kbPerSec * 1_000 }, signal);
  },

  async prove({ kbPerSec }, target, _before, signal) {
    const usual = target.usualSec ?? 0;
    return await untilProven(signal, `a write of ${target.name} could not be timed`, async () => {
      const state = await target.engine.find(pinned(target).id, signal);
      if (!state?.running || state.startedAt !== pinned(target).startedAt) {
        throw new EffectGone(`${target.name} has ended since, and its limit with it`);
      }
      const bytes = probeBytes(kbPerSec);
      const tookSec = await timeWrite(target.engine, jobOf(target, 'disk'), bytes, signal);
      const evidence = `${target.name} needs ${tookSec.toFixed(2)} s for a direct write of ${bytes / 1_000} KB, ${usual.toFixed(2)} s before`;
      const leastSec = (bytes / (kbPerSec * 1_000)) * SHARE;
      return tookSec >= leastSec && tookSec >= usual * 2 ? { proven: true, evidence } : evidence;
    });
  },
};

function jobOf(target: DiskTarget, id: string) {
  const { id: container, pid } = pinned(target);
  return { id, target: container, pid, image: toolsImage() };
}

function limitOf({ name, limit }: DiskTarget): DiskLimit {
  if (limit === undefined) throw new Error(`nobody has looked at the disk of ${name} yet`);
  return limit;
}

/** A second's worth of writes, where that is not too much to write. */
function probeBytes(kbPerSec: number): number {
  return Math.min(kbPerSec * 1_000, MOST_BYTES);
}

const MOST_BYTES = 20_000_000;
/** What the kernel lets pass before it looks. */
const SHARE = 0.6;
const LEASE_MARGIN_MS = 10_000;
