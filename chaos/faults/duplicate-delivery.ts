import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { deliverTwice } from '../duplicates-hook.ts';
import type { FaultKind, FaultTarget } from '../fault.ts';
import { counterOf } from '../metrics-page.ts';
import { proofWithin } from '../proof-within.ts';
import { leaseMs } from './lease.ts';
import { suggestion } from './link.ts';

const params = z.strictObject({
  broker: z.string().min(1).default('broker').describe('the broker, as the topology names it; broker unless told'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('share of messages delivered twice, above 0 up to 1; all unless told'),
});

export type DuplicateDeliveryParams = z.input<typeof params>;

interface BrokerTarget extends FaultTarget {
  /** Of its metrics; its hook is beside them. */
  url: string;
}

/** Messages that a worker has worked on and acknowledged are delivered once more: who is not idempotent does things twice. */
export const duplicateDelivery: FaultKind<z.output<typeof params>, BrokerTarget> = {
  kind: 'duplicate-delivery',
  family: 'data',
  about: 'Messages that were worked on and acknowledged are delivered once more.',
  needs: "the reference shop's broker",
  provenBy: "the broker's own count of messages delivered again",
  undoneBy: "ending it at the broker's hook, which ends it by itself soon after the fault should have ended",
  params,

  resolve({ broker }, topology) {
    const brokers = topology.scrapes.filter(({ job }) => job === 'broker');
    const found = brokers.find(({ labels }) => labels.node === broker);
    if (found) return { ok: true, targets: [{ name: broker, takes: `node:${broker}/duplicates`, url: found.url }] };
    const names = brokers.flatMap(({ labels }) => labels.node ?? []);
    return { ok: false, problem: `no such broker '${broker}'. ${suggestion(broker, names)}` };
  },

  settings: ({ share }) => (share < 1 ? `${Math.round(share * 1_000) / 10} % of messages` : 'every message'),
  undoOf: (_, { name, url }) => ({ step: 'end-duplicates', broker: name, url }),
  baseline: async ({ url }, signal) => ({ count: await counterOf(url, REDELIVERIES, signal) }),
  apply: ({ share }, { url }, { forMs, signal }) => deliverTwice(url, share, leaseMs(forMs), signal),

  async prove(_, { name, url }, { applied }, signal) {
    // Asked again while it lasts, it must still go on.
    const from = Math.max(applied.count ?? 0, await counterOf(url, REDELIVERIES, signal).catch(() => 0));
    const before = applied.count ?? 0;
    return proofWithin(
      signal,
      () => `${name} delivered no message twice`,
      async () => {
        while (!signal.aborted) {
          const now = await counterOf(url, REDELIVERIES, signal);
          if (now > from) {
            return {
              proven: true,
              evidence: `${name} has delivered ${(now - before).toLocaleString('en-US')} messages again`,
            };
          }
          await sleep(LOOK_MS);
        }
        return undefined;
      },
    );
  },
};

const REDELIVERIES = 'queue_redeliveries_total';
const LOOK_MS = 100;
