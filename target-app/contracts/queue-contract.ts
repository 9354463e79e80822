import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Queue, QueueDelivery, QueueMessage } from '../service/queue/queue.ts';

/** A queue that runs, with tries enough for a test to use them up. */
export interface QueueUnderTest {
  /** A client of its own connection, of the queue that stands for this name; the same name, the same queue. */
  connect(queue: string, client: string): Promise<Queue>;
  /** Takes the broker away without a goodbye, and brings it back with what it had stored. */
  kill(): Promise<void>;
  revive(): Promise<void>;
  /** Ids that were put aside as dead. */
  dead(queue: string): Promise<string[]>;
  maxAttempts: number;
  stop(): Promise<void>;
}

/** What the relay and the workers count on, whichever queue there is. */
export function describeQueueContract(name: string, start: () => Promise<QueueUnderTest>): void {
  describe(`queue contract: ${name}`, () => {
    let part: QueueUnderTest;
    const open: Queue[] = [];
    beforeAll(async () => {
      part = await start();
    }, 60_000);
    afterAll(async () => {
      await Promise.all(open.map((queue) => queue.close()));
      await part?.stop();
    }, 60_000);

    let queueName = '';
    const connect = async (client = 'one', queue = queueName): Promise<Queue> => {
      const connected = await part.connect(queue, client);
      open.push(connected);
      return connected;
    };
    /** A queue of its own for each test. */
    const fresh = async (): Promise<Queue> => {
      queueName = `contract-${randomUUID()}`;
      const queue = await connect();
      await eventually(() => queue.publish([]));
      return queue;
    };

    test('delivers what was published, whole, and keeps it from others until it is acknowledged', async () => {
      const queue = await fresh();
      const messages = someMessages(3);
      await queue.publish(messages);
      const first = await leaseAll(queue, 3);
      expect(first.map(({ msgId, topic, payload, attempts }) => ({ msgId, topic, payload, attempts }))).toEqual(
        expect.arrayContaining(messages.map((message) => ({ ...message, attempts: 1 }))),
      );
      const other = await connect('two');
      expect(await eventually(() => other.lease({ max: 10, waitMs: 300 }))).toEqual([]);
      expect(new Set(await queue.ack(first))).toEqual(new Set(messages.map((message) => message.msgId)));
      expect(await other.lease({ max: 10, waitMs: 300 })).toEqual([]);
    });

    test('hands out a job once, however many ask', async () => {
      const queue = await fresh();
      const other = await connect('two');
      const messages = someMessages(40);
      await queue.publish(messages);
      const heard: string[] = [];
      await Promise.all(
        [queue, other].map(async (one) => {
          while (heard.length < messages.length) {
            const leased = await one.lease({ max: 7, waitMs: 200 });
            heard.push(...leased.map((delivery) => delivery.msgId));
            await one.ack(leased);
          }
        }),
      );
      expect(heard.toSorted()).toEqual(messages.map((message) => message.msgId).toSorted());
    });

    test('gives no more than was asked for', async () => {
      const queue = await fresh();
      await queue.publish(someMessages(5));
      const first = await queue.lease({ max: 2, waitMs: 1_000 });
      expect(first.length).toBeGreaterThan(0);
      expect(first.length).toBeLessThanOrEqual(2);
    });

    test('waits for a job that is not there yet', async () => {
      const queue = await fresh();
      const waiting = queue.lease({ max: 1, waitMs: 1_000 });
      const [message] = someMessages(1);
      if (message === undefined) throw new Error('expected a message');
      const publisher = await connect('publisher');
      await eventually(() => publisher.publish([message]));
      expect((await waiting).map((delivery) => delivery.msgId)).toEqual([message.msgId]);
    });

    test('hands out a job again, later and counted, when it was given back', async () => {
      const queue = await fresh();
      await queue.publish(someMessages(1));
      const [first] = await leaseAll(queue, 1);
      if (first === undefined) throw new Error('expected a job');
      await queue.nack([first]);
      expect(await queue.lease({ max: 1, waitMs: 50 })).toEqual([]);
      const [second] = await leaseAll(queue, 1);
      expect(second).toMatchObject({ msgId: first.msgId, payload: first.payload, attempts: 2 });
    });

    test('puts a job aside as dead once it was tried often enough', async () => {
      const queue = await fresh();
      const [poison, good] = someMessages(2);
      if (poison === undefined || good === undefined) throw new Error('expected messages');
      await queue.publish([poison]);
      for (let attempt = 1; attempt <= part.maxAttempts; attempt++) {
        const [leased] = await leaseAll(queue, 1);
        if (leased === undefined) throw new Error('expected a job');
        expect(leased.attempts).toBe(attempt);
        await queue.nack([leased]);
      }
      await expect.poll(() => part.dead(queueName), { timeout: 5_000 }).toEqual([poison.msgId]);
      await queue.publish([good]);
      expect((await leaseAll(queue, 1)).map((delivery) => delivery.msgId)).toEqual([good.msgId]);
    });

    test('loses nothing it has confirmed when the broker is killed, and goes on when it is back', async () => {
      const queue = await fresh();
      const confirmed: string[] = [];
      let publishing = true;
      const publisher = (async () => {
        while (publishing) {
          const messages = someMessages(5);
          try {
            await queue.publish(messages);
            confirmed.push(...messages.map((message) => message.msgId));
          } catch {
            await pause(50);
          }
        }
      })();
      await expect.poll(() => confirmed.length, { timeout: 10_000 }).toBeGreaterThan(20);
      await part.kill();
      const before = confirmed.length;
      await expect(queue.lease({ max: 1, waitMs: 0 }).then(() => queue.publish(someMessages(1)))).rejects.toThrow();
      await part.revive();
      await expect.poll(() => confirmed.length, { timeout: 30_000 }).toBeGreaterThan(before + 20);
      publishing = false;
      await publisher;

      const heard = new Map<string, number>();
      const missing = () => confirmed.filter((id) => !heard.has(id)).length;
      const deadlineMs = Date.now() + 20_000;
      while (missing() > 0 && Date.now() < deadlineMs) {
        const leased = await queue.lease({ max: 100, waitMs: 500 });
        for (const { msgId } of leased) heard.set(msgId, (heard.get(msgId) ?? 0) + 1);
        await queue.ack(leased);
      }
      expect(missing()).toBe(0);
    }, 90_000);

    test('hands a job of a consumer that went away to another one, counted as another try', async () => {
      const queue = await fresh();
      await queue.publish(someMessages(1));
      const gone = await connect('gone');
      const [first] = await leaseAll(gone, 1);
      await gone.close();
      const [second] = await leaseAll(queue, 1, 15_000);
      expect(second).toMatchObject({ msgId: first?.msgId, attempts: 2 });
    }, 30_000);

    test('does not let a job be ended twice', async () => {
      const queue = await fresh();
      await queue.publish(someMessages(1));
      const leased = await leaseAll(queue, 1);
      expect(await queue.ack(leased)).toHaveLength(1);
      expect(await queue.ack(leased)).toEqual([]);
    });
  });
}

function someMessages(count: number): QueueMessage[] {
  return Array.from({ length: count }, (_, index) => {
    return { msgId: randomUUID(), topic: 'order-placed', payload: { index, text: 'Größe "M"', items: [1, 2] } };
  });
}

/** Asks until there are `count`. @throws when there are not in time */
async function leaseAll(queue: Queue, count: number, withinMs = 10_000): Promise<QueueDelivery[]> {
  const deadlineMs = Date.now() + withinMs;
  const leased: QueueDelivery[] = [];
  while (leased.length < count) {
    if (Date.now() > deadlineMs) throw new Error(`got ${leased.length} of ${count} jobs within ${withinMs} ms`);
    leased.push(...(await eventually(() => queue.lease({ max: count - leased.length, waitMs: 500 }))));
  }
  return leased;
}

/** A client may need a moment for its first connection. */
async function eventually<Value>(attempt: () => Promise<Value>): Promise<Value> {
  const deadlineMs = Date.now() + 10_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await pause(50);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
