import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  type ConsumeMessage,
  connect,
  type RecoveringChannelModel,
} from 'amqplib';
import { z } from 'zod';
import {
  DEFAULT_PREFETCH,
  DEFAULT_QUEUE,
  MAX_ATTEMPTS,
  type Queue,
  type QueueDelivery,
  type QueueMessage,
  type QueueOptions,
  retryDelayMs,
} from './queue.ts';
import { publishConfirms, redeliveries } from './queue-metrics.ts';

const CONNECT_TIMEOUT_MS = 3_000;
const CONFIRM_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;
/** The most between two tries to connect. */
const MOST_DELAY_MS = 1_000;

/** A queue each, because a message's own time to live would only be looked at when it has come to the front. */
const RETRY_DELAYS_MS = [200, 800, 3_200, 10_000];

const countSchema = z.number().int().min(0).default(0);
const receivedSchema = z.object({
  id: z.uuid(),
  content: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'expected JSON' });
        return z.NEVER;
      }
    })
    .pipe(z.object({ topic: z.string(), payload: z.json() })),
  headers: z.object({ 'x-attempts': countSchema, 'x-delivery-count': countSchema }),
});

/** One life of a connection. All its unacknowledged messages go back to the queue when it ends. */
interface Life {
  model: ChannelModel;
  publishing: ConfirmChannel;
  /** Ids of messages that came back because no queue took them. Such a message is confirmed all the same. */
  returned: Set<string>;
  consuming: Channel;
  consumes: Promise<unknown> | undefined;
  arrived: ConsumeMessage[];
  held: Map<string, ConsumeMessage>;
}

/**
 * RabbitMQ, over AMQP 0-9-1.
 *
 *     jobs ──delivered──> ack: gone
 *      ^ └─nack──> jobs.retry.<ms> ──time is up──┐
 *      └─────────────────────────────────────────┘      after maxAttempts: jobs.dead
 *
 * All are quorum queues, and what moves from one to another is stored there before it leaves: nothing is lost on the way,
 * though it may then be in both. Attempts are the tries that ended in a nack, which a header of ours counts, and those
 * that ended with the consumer, which RabbitMQ counts.
 */
export function connectAmqp(options: QueueOptions): Queue {
  const { url, client, queue = DEFAULT_QUEUE, prefetch = DEFAULT_PREFETCH, maxAttempts = MAX_ATTEMPTS } = options;
  const names = namesOf(queue);
  let life: Life | undefined;
  let waiting: (() => void) | undefined;
  let generation = 0;
  let isClosing = false;
  for (const outcome of ['ok', 'error']) publishConfirms.inc({ queue, outcome }, 0);
  redeliveries.inc({ queue }, 0);

  const setup = async (model: ChannelModel): Promise<void> => {
    // Before anything is waited for: amqplib listens only once all is set up, and an error nobody hears ends the process.
    model.on('error', () => {});
    if (isClosing) throw new Error('the queue was closed');
    const publishing = await model.createConfirmChannel();
    const consuming = await model.createChannel();
    for (const channel of [publishing, consuming]) {
      channel.on('error', () => {});
      // A channel that ends alone leaves half a connection: a new one of everything is simpler, and rare.
      channel.on('close', () => void closeWithin(model));
    }
    await declareQueues(publishing, names, maxAttempts);
    await consuming.prefetch(prefetch);
    const returned = new Set<string>();
    publishing.on('return', (message) => returned.add(String(message.properties.messageId)));
    const next: Life = { model, publishing, returned, consuming, consumes: undefined, arrived: [], held: new Map() };
    model.on('close', () => {
      if (life === next) life = undefined;
      waiting?.();
    });
    generation++;
    life = next;
    waiting?.();
  };
  const connection = connect(url, {
    timeout: CONNECT_TIMEOUT_MS,
    noDelay: true,
    clientProperties: { connection_name: client },
    recovery: { setup, waitForConnect: false, initialDelay: 50, maxDelay: MOST_DELAY_MS },
  });
  connection.then(
    // Every failed try is an event; whoever asks the queue sees that it does not answer.
    (recovering) => recovering.on('error', () => {}),
    () => {},
  );

  /** Until something happens, or the time is over. */
  const change = async (withinMs: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting = resolve;
    const over = new AbortController();
    await Promise.race([promise, sleep(withinMs, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
  };

  const connected = (): Life => {
    if (life === undefined) throw new Error('there is no connection to RabbitMQ');
    return life;
  };

  const consume = async (current: Life): Promise<void> => {
    current.consumes ??= current.consuming.consume(queue, (message) => {
      // `null` when the queue was deleted: then only a new connection declares it again.
      if (message === null) void closeWithin(current.model);
      else current.arrived.push(message);
      waiting?.();
    });
    await current.consumes;
  };

  /** Ends the present try of a message by storing it in another queue first. */
  const move = async (current: Life, delivery: QueueDelivery, message: ConsumeMessage, to: string): Promise<void> => {
    try {
      await confirmed(current, [{ message: delivery, to, attempts: delivery.attempts }]);
      current.consuming.ack(message);
    } catch {
      current.consuming.nack(message, false, true);
    }
  };

  return {
    async publish(messages) {
      try {
        await confirmed(
          connected(),
          messages.map((message) => ({ message, to: queue, attempts: 0 })),
        );
      } catch (error) {
        publishConfirms.inc({ queue, outcome: 'error' }, messages.length);
        throw error;
      }
      publishConfirms.inc({ queue, outcome: 'ok' }, messages.length);
    },

    async lease({ max, waitMs }) {
      const untilMs = Date.now() + waitMs;
      for (;;) {
        const current = life;
        if (current !== undefined) {
          await consume(current);
          const leased: QueueDelivery[] = [];
          for (const message of current.arrived.splice(0, max)) {
            const delivery = deliveryOf(message, `${generation}:${message.fields.deliveryTag}`);
            // Not one of ours, and no try would make it one.
            if (delivery === undefined) current.consuming.nack(message, false, false);
            else if (delivery.attempts > maxAttempts) await move(current, delivery, message, names.dead);
            else {
              current.held.set(delivery.lease, message);
              if (delivery.attempts > 1) redeliveries.inc({ queue });
              leased.push(delivery);
            }
          }
          if (leased.length > 0) return leased;
        }
        const leftMs = untilMs - Date.now();
        if (leftMs <= 0) {
          connected();
          return [];
        }
        await change(leftMs);
      }
    },

    async ack(deliveries) {
      const acked: string[] = [];
      for (const { lease, msgId } of deliveries) {
        const message = life?.held.get(lease);
        if (life === undefined || message === undefined) continue;
        life.held.delete(lease);
        life.consuming.ack(message);
        acked.push(msgId);
      }
      return acked;
    },

    async nack(deliveries) {
      const current = life;
      if (current === undefined) return;
      await Promise.all(
        deliveries.map(async (delivery) => {
          const message = current.held.get(delivery.lease);
          if (message === undefined) return;
          current.held.delete(delivery.lease);
          const isLast = delivery.attempts >= maxAttempts;
          const wantedMs = retryDelayMs(delivery.attempts);
          const delayMs = RETRY_DELAYS_MS.find((one) => one >= wantedMs) ?? RETRY_DELAYS_MS.at(-1) ?? 0;
          await move(current, delivery, message, isLast ? names.dead : names.retry(delayMs));
        }),
      );
    },

    async close() {
      const mayBeTrying = life === undefined && !isClosing;
      isClosing = true;
      life = undefined;
      const recovering = await connection.catch(() => undefined);
      // What comes up after its `close` amqplib closes deaf to errors, so a try that is under way is waited for.
      if (mayBeTrying && recovering) await triedOnce(recovering);
      await Promise.race([recovering?.close(), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    },
  };
}

interface QueueNames {
  jobs: string;
  dead: string;
  retry(delayMs: number): string;
}

function namesOf(queue: string): QueueNames {
  return { jobs: queue, dead: `${queue}.dead`, retry: (delayMs) => `${queue}.retry.${delayMs}` };
}

/** Declaring is idempotent, and fails when a queue is there with other settings: then nothing may be taken for granted. */
async function declareQueues(channel: Channel, names: QueueNames, maxAttempts: number): Promise<void> {
  const quorum = (settings: object = {}) => ({
    durable: true,
    arguments: { 'x-queue-type': 'quorum', ...settings },
  });
  // At least once, from queue to queue as well: that takes a queue which refuses instead of dropping.
  const handOver = (to: string) => ({
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': to,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  });
  await channel.assertQueue(names.dead, quorum());
  await channel.assertQueue(names.jobs, quorum({ 'x-delivery-limit': maxAttempts, ...handOver(names.dead) }));
  for (const delayMs of RETRY_DELAYS_MS) {
    await channel.assertQueue(names.retry(delayMs), quorum({ 'x-message-ttl': delayMs, ...handOver(names.jobs) }));
  }
}

/** Sends them and waits until all are confirmed. @throws when one is refused, or not confirmed in time */
async function confirmed(
  { publishing, returned }: Life,
  sent: readonly { message: QueueMessage; to: string; attempts: number }[],
): Promise<void> {
  const confirms = sent.map(({ message: { msgId, topic, payload }, to, attempts }) => {
    return new Promise<void>((resolve, reject) => {
      const content = Buffer.from(JSON.stringify({ topic, payload }));
      const options = {
        persistent: true,
        mandatory: true,
        messageId: msgId,
        contentType: 'application/json',
        headers: { 'x-attempts': attempts },
      };
      publishing.sendToQueue(to, content, options, (error: unknown) => {
        if (returned.delete(msgId)) reject(new Error(`RabbitMQ has no queue ${to}`));
        else if (error === null || error === undefined) resolve();
        else reject(error instanceof Error ? error : new Error(`RabbitMQ refused the message: ${String(error)}`));
      });
    });
  });
  const over = new AbortController();
  const late = sleep(CONFIRM_TIMEOUT_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`RabbitMQ did not confirm within ${CONFIRM_TIMEOUT_MS} ms`);
  });
  late.catch(() => {});
  try {
    await Promise.race([Promise.all(confirms), late]);
  } finally {
    over.abort();
  }
}

function deliveryOf(message: ConsumeMessage, lease: string): QueueDelivery | undefined {
  const read = receivedSchema.safeParse({
    id: message.properties.messageId,
    content: message.content.toString(),
    headers: message.properties.headers ?? {},
  });
  if (!read.success) return undefined;
  const { id, content, headers } = read.data;
  const attempts = headers['x-attempts'] + headers['x-delivery-count'] + 1;
  return { msgId: id, ...content, attempts, lease };
}

/** A connection whose other end is frozen never says goodbye. */
async function closeWithin(model: ChannelModel): Promise<void> {
  await Promise.race([model.close().catch(() => {}), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
}

/** Until the present or the next try to connect has ended, one way or the other. */
async function triedOnce(recovering: RecoveringChannelModel): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  recovering.once('connect', () => resolve());
  recovering.once('connect-failed', () => resolve());
  await Promise.race([promise, sleep(MOST_DELAY_MS + CONNECT_TIMEOUT_MS, undefined, { ref: false })]);
}
