import type { z } from 'zod';

export interface QueueMessage {
  /** A UUID: whoever does the work knows by it what has been done before. */
  msgId: string;
  topic: string;
  payload: z.core.util.JSONType;
}

export interface QueueDelivery extends QueueMessage {
  /** 1 at the first time. */
  attempts: number;
  /** Stands for the right to end it; only the queue that handed it out can read it. */
  lease: string;
}

/**
 * The queue between the relay and the workers. What was published is delivered at least once: to one consumer at a time,
 * again when that one gives it back, dies, or cannot be reached, and never again once it is acknowledged. What has been
 * tried too often is put aside as dead.
 */
export interface Queue {
  /** Resolves when all are stored for good. @throws when that is not known; then some may be there, and all may be sent again */
  publish(messages: readonly QueueMessage[]): Promise<void>;
  /** Up to `max`, as soon as there is one; none when there was none within `waitMs`. @throws when the queue cannot be asked */
  lease(ask: { max: number; waitMs: number }): Promise<QueueDelivery[]>;
  /** Done. Returns the ids of those that were still ours to end; for the others somebody else is responsible by now. */
  ack(deliveries: readonly QueueDelivery[]): Promise<string[]>;
  /** Not done: again, later with each try; dead when there have been enough. */
  nack(deliveries: readonly QueueDelivery[]): Promise<void>;
  close(): Promise<void>;
}

export interface QueueOptions {
  /** `http://` for this target's own broker, `amqp://user:password@host:port/` for RabbitMQ. */
  url: string;
  /** Who asks: a node's name. */
  client: string;
  /** Of this kind, for the metrics: the `service` label. */
  service: string;
  /** Where it lies with a broker that has many. */
  queue?: string;
  /** Jobs held at a time and not yet acknowledged. */
  prefetch?: number;
  /** Where the queue gives a job a time to be done in: then it is due again, whatever has become of who held it. */
  leaseMs?: number;
  /** After so many tries a job is dead: it waits for a person instead of circling for ever. */
  maxAttempts?: number;
}

export const DEFAULT_QUEUE = 'jobs';
export const DEFAULT_PREFETCH = 100;
export const MAX_ATTEMPTS = 20;

/** How long a job is left alone before its next try. */
export function retryDelayMs(attempts: number): number {
  return Math.min(10_000, 100 * 2 ** Math.min(attempts, 10));
}
