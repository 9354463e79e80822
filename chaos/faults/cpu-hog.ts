import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { spawnAntagonist } from '../antagonist/spawn.ts';
import { cpusOf, cpuTimeOf } from '../cpu-time.ts';
import type { Baseline, FaultKind } from '../fault.ts';
import { isAlive } from '../process-mark.ts';
import { treeOf } from '../process-tree.ts';
import { assertHere, type HogTarget, hogUndoneBy, resolveHog, undoOfHog } from './hog.ts';
import { leaseMs } from './lease.ts';
import { livePid, measureProcess, nodeField } from './process-node.ts';

const params = z.strictObject({
  node: nodeField,
  loops: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('busy loops, 1 to 256; as many as the machine has processors unless told'),
  nice: z
    .int()
    .min(-20)
    .max(19)
    .default(0)
    .describe('priority of the loops, -20 (first) to 19 (last); below 0 for root only; 0 unless told'),
});

export type CpuHogParams = z.input<typeof params>;

/** Busy loops beside a node, on the processors it may use. */
export const cpuHog: FaultKind<z.output<typeof params>, HogTarget> = {
  kind: 'cpu-hog',
  family: 'resource',
  about: 'Busy loops run beside a node, on the processors it may use.',
  needs: 'a node that is a process of this machine',
  provenBy: 'the CPU time the loops got and waited for; on Linux also how long the node itself waited for a CPU',
  undoneBy: hogUndoneBy,
  params,
  resolve: ({ node }, topology) => resolveHog(node, topology, 'cpu'),
  settings: ({ loops = availableParallelism(), nice }) => `${loops} busy loops${nice === 0 ? '' : `, nice ${nice}`}`,
  undoOf: undoOfHog,

  async baseline(target, signal) {
    const measured = await measureProcess(target, signal);
    return { ...measured, ...(await waiting(target.pid, BASELINE_MS)) };
  },

  async apply({ loops = availableParallelism(), nice }, target, { id, forMs, signal }) {
    const pid = await livePid(target, signal);
    assertHere(target);
    const cpus = cpusOf(pid);
    target.hog = await spawnAntagonist(
      {
        kind: 'busy-loops',
        settings: { loops, nice },
        fault: id,
        against: target.entry,
        ttlMs: leaseMs(forMs),
        ...(cpus === undefined || cpus === cpusOf('self') ? {} : { cpus }),
      },
      signal,
    );
  },

  async prove({ loops = availableParallelism() }, target, before, signal) {
    const { hog, name } = target;
    let seen = 'no busy loops run';
    while (!signal.aborted && hog !== undefined && isAlive(hog)) {
      const [from, fromMs] = [cpuTimeOf([hog.pid]), performance.now()];
      const { cpuWaitShare } = await waiting(target.pid, WINDOW_MS);
      const tookMs = performance.now() - fromMs;
      const to = cpuTimeOf([hog.pid]);
      const ranMs = to.ranMs - from.ranMs;
      // A loop that waits for its turn is as busy as one that has it.
      const busyMs = ranMs + ((to.waitedMs ?? 0) - (from.waitedMs ?? 0));
      seen = `the loops had ${Math.round((ranMs / tookMs) * 100)}% of a CPU`;
      if (cpuWaitShare !== undefined) {
        const was = before.applied.cpuWaitShare;
        seen += `, ${name} waited for one ${percent(cpuWaitShare)} of the time (${percent(was ?? 0)} before)`;
      }
      if (busyMs > (loops * tookMs) / 2) return { proven: true, evidence: seen };
    }
    return { proven: false, evidence: hog !== undefined && !isAlive(hog) ? `the busy loops have ended` : seen };
  },
};

const BASELINE_MS = 200;
const WINDOW_MS = 300;

async function waiting(root: number, windowMs: number): Promise<Pick<Baseline, 'cpuWaitShare'>> {
  const pids = treeOf(root).map(({ pid }) => pid);
  const [from, fromMs] = [cpuTimeOf(pids), performance.now()];
  await sleep(windowMs);
  const to = cpuTimeOf(pids);
  if (to.waitedMs === undefined || from.waitedMs === undefined) return {};
  return { cpuWaitShare: Math.max(0, to.waitedMs - from.waitedMs) / (performance.now() - fromMs) };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;
}
