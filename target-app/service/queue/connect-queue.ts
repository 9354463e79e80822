import type { Queue, QueueOptions } from './queue.ts';

/** The queue at an address, which also says what kind of queue it is. */
export async function connectQueue(options: QueueOptions): Promise<Queue> {
  // Each kind is loaded only where it is used: a client library costs memory in every process.
  if (new URL(options.url).protocol.startsWith('amqp')) return (await import('./amqp-queue.ts')).connectAmqp(options);
  return (await import('./http-queue.ts')).connectHttpQueue(options);
}
