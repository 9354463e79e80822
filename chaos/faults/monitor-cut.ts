import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FaultKind, FaultTarget } from '../fault.ts';
import { cutOffMonitor, monitorCutOff } from '../harness-control.ts';
import { proofWithin } from '../proof-within.ts';
import { leaseMs } from './lease.ts';

const params = z.strictObject({});

export type MonitorCutParams = z.input<typeof params>;

interface MonitorTarget extends FaultTarget {
  control: string;
}

/** The monitor sees nothing: every scrape fails. A run without data must not come out green. */
export const monitorCut: FaultKind<z.output<typeof params>, MonitorTarget> = {
  kind: 'monitor-cut',
  family: 'harness',
  about: "The harness' own monitor sees nothing for a while: every scrape fails.",
  needs: 'a run with the embedded monitor',
  provenBy: 'scrapes that failed, as the run records them',
  undoneBy: 'letting the monitor scrape again, which it does by itself soon after the fault should have ended',
  params,

  resolve(_, { harness }) {
    if (harness === undefined) return { ok: false, problem: 'there is no monitor to cut off outside a run' };
    return { ok: true, targets: [{ name: 'monitor', takes: 'harness:monitor', control: harness.control }] };
  },

  settings: () => 'all scrapes fail',
  undoOf: (_, { control }) => ({ step: 'restore-monitor', control }),
  baseline: async ({ control }, signal) => ({ count: (await monitorCutOff(control, signal)).gaps }),
  apply: (_, { control }, { forMs, signal }) => cutOffMonitor(control, leaseMs(forMs), signal),

  async prove(_, { control }, { applied }, signal) {
    const before = applied.count ?? 0;
    let from: number | undefined;
    return proofWithin(
      signal,
      () => 'the monitor missed no scrape',
      async () => {
        while (!signal.aborted) {
          const { gaps } = await monitorCutOff(control, signal);
          from ??= gaps;
          // Asked again while it lasts, more must have failed.
          if (gaps > Math.max(before, from)) {
            return {
              proven: true,
              evidence: `the monitor has missed ${(gaps - before).toLocaleString('en-US')} scrapes`,
            };
          }
          await sleep(LOOK_MS);
        }
        return undefined;
      },
    );
  },
};

const LOOK_MS = 100;
