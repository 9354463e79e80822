import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { spawnAntagonist } from '../antagonist/spawn.ts';
import type { FaultKind } from '../fault.ts';
import { isAlive } from '../process-mark.ts';
import { assertHere, type HogTarget, hogUndoneBy, resolveHog, undoOfHog } from './hog.ts';
import { leaseMs } from './lease.ts';
import { livePid, measureProcess, nodeField } from './process-node.ts';

const params = z.strictObject({
  node: nodeField,
  memoryMb: z.int().min(1).max(1_048_576).describe('memory to fill, MiB; never more than half of what is free'),
});

export type MemoryHogParams = z.input<typeof params>;

interface MemoryTarget extends HogTarget {
  /** What was really asked for, after the cap. */
  cappedMb?: number;
}

/** Memory of the machine is used up beside a node. */
export const memoryHog: FaultKind<z.output<typeof params>, MemoryTarget> = {
  kind: 'memory-hog',
  family: 'resource',
  about: 'Memory is filled beside a node and kept in use, but never more than half of what is free.',
  needs: 'a node that is a process of this machine',
  provenBy: 'the memory that the system counts as held by the process, and what it has left',
  undoneBy: hogUndoneBy,
  params,
  resolve: ({ node }, topology) => resolveHog(node, topology, 'memory'),
  settings: ({ memoryMb }) => `${memoryMb} MiB`,
  undoOf: undoOfHog,
  baseline: measureProcess,

  async apply({ memoryMb }, target, { id, forMs, signal }) {
    await livePid(target, signal);
    assertHere(target);
    const megabytes = withinSafety(memoryMb, freeMb());
    target.cappedMb = megabytes;
    const order = { kind: 'held-memory', settings: { megabytes }, fault: id, against: target.entry };
    target.hog = await spawnAntagonist({ ...order, ttlMs: leaseMs(forMs) }, signal);
  },

  async prove({ memoryMb }, target, _, signal) {
    const { hog, cappedMb = memoryMb } = target;
    const capped = cappedMb < memoryMb ? ` (of ${memoryMb} MiB asked for: half of what was free)` : '';
    let heldMb = 0;
    while (!signal.aborted && hog !== undefined && isAlive(hog)) {
      heldMb = residentMb(hog.pid);
      if (heldMb >= cappedMb + OWN_MB) {
        const evidence = `a process holds ${Math.round(heldMb)} MiB${capped}, ${Math.round(freeMb())} MiB are left`;
        return { proven: true, evidence };
      }
      await sleep(50);
    }
    const alive = hog !== undefined && isAlive(hog);
    return {
      proven: false,
      evidence: alive
        ? `a process holds ${Math.round(heldMb)} of ${cappedMb} MiB`
        : 'the process that held memory has ended',
    };
  },
};

/** What is really filled of what was asked for. */
export function withinSafety(memoryMb: number, free: number): number {
  return Math.max(1, Math.min(memoryMb, Math.floor(free * MOST)));
}

/** A machine without any memory left ends processes that nobody aimed at. */
const MOST = 0.5;
/** What such a process takes at least for itself. */
const OWN_MB = 30;
const MEGABYTE = 1024 * 1024;

/** Within the limit that this process has itself, a container's included. */
function freeMb(): number {
  return process.availableMemory() / MEGABYTE;
}

function residentMb(pid: number): number {
  try {
    if (process.platform === 'linux') {
      const kilobytes = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return Number(kilobytes ?? 0) / 1024;
    }
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
  } catch {
    return 0;
  }
}
