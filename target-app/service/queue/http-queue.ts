import { z } from 'zod';
import { connectUpstream } from '../upstream.ts';
import type { Queue, QueueDelivery, QueueOptions } from './queue.ts';

const PUBLISH_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 4_000;
const LEASE_MS = 10_000;

const leasedSchema = z.object({
  jobs: z.array(
    z.object({ msgId: z.uuid(), lease: z.uuid(), topic: z.string(), payload: z.json(), attempts: z.int() }),
  ),
});
const ackedSchema = z.object({ acked: z.array(z.uuid()) });

/** This target's own broker, over HTTP. */
export function connectHttpQueue({ url, client, service, leaseMs = LEASE_MS }: QueueOptions): Queue {
  const broker = connectUpstream({ service, upstream: 'broker', url, maxConnections: 8 });

  const ask = async (path: string, content: unknown, timeoutMs: number): Promise<unknown> => {
    const result = await broker.call({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(content),
      timeoutMs,
    });
    if (result.kind !== 'answer') throw new Error(`the broker did not answer ${path}: ${result.kind}`);
    if (result.statusCode !== 200) throw new Error(`the broker answered ${path} with ${result.statusCode}`);
    return JSON.parse(result.body.toString());
  };
  const leasesOf = (deliveries: readonly QueueDelivery[]) => deliveries.map(({ msgId, lease }) => ({ msgId, lease }));

  return {
    async publish(messages) {
      if (messages.length > 0) await ask('/messages', { messages }, PUBLISH_TIMEOUT_MS);
    },
    async lease({ max, waitMs }) {
      const asked = { worker: client, max, leaseMs, waitMs };
      return leasedSchema.parse(await ask('/lease', asked, waitMs + ANSWER_TIMEOUT_MS)).jobs;
    },
    async ack(deliveries) {
      if (deliveries.length === 0) return [];
      return ackedSchema.parse(await ask('/ack', { leases: leasesOf(deliveries) }, ANSWER_TIMEOUT_MS)).acked;
    },
    async nack(deliveries) {
      if (deliveries.length > 0) await ask('/nack', { leases: leasesOf(deliveries) }, ANSWER_TIMEOUT_MS);
    },
    close: () => broker.close(),
  };
}
