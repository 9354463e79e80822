import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { Outbox, type OutboxMessage } from '../roles/relay/outbox.ts';
import type { SqlCheck } from './shard-under-test.ts';
import {
  asShop,
  COUNT_OP,
  type Connection,
  connected,
  ITEM,
  insertOrder,
  SOON_MS,
  someOrder,
  stored,
  TRACES,
  waiting,
} from './sql-shop.ts';

/** What the shop counts on of one server: its tables, its transactions, its limits. */
export const STORE_CHECKS: readonly SqlCheck[] = [
  {
    says: 'takes an order whole: the order, its items, its key and its job are there together',
    holds: (part) =>
      asShop(part, async ({ store, rows }) => {
        const order = someOrder();
        expect(await store.place(order, SOON_MS)).toEqual(stored(order));
        expect(await rows(TRACES, [order.orderId])).toEqual([{ orders: 1, items: 1, keys: 1, jobs: 1 }]);
      }),
  },
  {
    says: 'leaves nothing of an order that fails halfway',
    holds: (part) =>
      asShop(part, async ({ store, rows }) => {
        const order = someOrder({ itemsJson: JSON.stringify([ITEM, ITEM]) });
        expect(await store.place(order, SOON_MS)).toMatchObject({ kind: 'failed', error: { code: UNIQUE_VIOLATION } });
        expect(await rows(TRACES, [order.orderId])).toEqual([{ orders: 0, items: 0, keys: 0, jobs: 0 }]);
      }),
  },
  {
    says: 'stores an order once for its key, also of several that come at the same time, and answers all of them alike',
    holds: (part) =>
      asShop(part, async ({ store, rows }) => {
        const order = someOrder();
        const same = () => store.place({ ...order, orderId: randomUUID(), msgId: randomUUID() }, SOON_MS);
        const answers = await Promise.all(Array.from({ length: 8 }, same));
        const outcomes = answers.map((answer) => (answer.kind === 'rows' ? answer.rows[0]?.outcome : answer));
        expect(outcomes.sort()).toEqual([...Array(7).fill('replayed'), 'stored']);
        const other = someOrder({ userId: order.userId, key: order.key });
        expect(await store.place(other, SOON_MS)).toMatchObject({ rows: [{ outcome: 'mismatch' }] });
        expect(await rows('SELECT count(*)::int FROM orders WHERE op_id = $1', [order.opId])).toEqual([{ count: 1 }]);
      }),
  },
  {
    says: 'refuses an order of another epoch than its own',
    holds: (part) =>
      asShop(part, async ({ store }) => {
        const order = someOrder({ epoch: 7 });
        expect(await store.place(order, SOON_MS)).toMatchObject({ rows: [{ outcome: 'stale-epoch' }] });
      }),
  },
  {
    says: 'lets the shop read, insert and mark, and no more; an operation may be there twice, so that it can be found',
    holds: (part) =>
      asShop(part, async ({ rows, fails }) => {
        expect(await fails('DELETE FROM orders')).toBe(NO_PRIVILEGE);
        const job = (state: string) => `INSERT INTO outbox (msg_id, topic, payload, state)
          VALUES ('${MSG}', 'contract', '{}', '${state}')`;
        await rows(`${job('sent')} ON CONFLICT DO NOTHING`);
        expect(await fails(job('sent'))).toBe(UNIQUE_VIOLATION);
        expect(await fails(job('lost'))).toBe(CHECK_VIOLATION);
        const item = `INSERT INTO order_items VALUES ('${randomUUID()}', 1, 1, 1, 1)`;
        expect(await fails(item)).toBe(FOREIGN_KEY_VIOLATION);
        const twice = randomUUID();
        const row = () => `('${randomUUID()}', 'eu-1', '${twice}', 1, 1)`;
        await rows(`INSERT INTO orders (order_id, user_id, op_id, total_cents, epoch) VALUES ${row()}, ${row()}`);
      }),
  },
  {
    says: 'hands a job to one of two relays, keeps neither waiting for the other, and takes it back when it was not sent',
    holds: (part) =>
      asShop(part, async ({ store, database }) => {
        const outbox = new Outbox(database, 5);
        while ((await outbox.relay(async () => {})) > 0) {}
        const orders = Array.from({ length: 10 }, () => someOrder());
        for (const order of orders) expect(await store.place(order, SOON_MS)).toEqual(stored(order));
        const sent: string[] = [];
        const send = async (messages: OutboxMessage[]) => void sent.push(...messages.map(({ msgId }) => msgId));
        await outbox.relay(async (held) => {
          expect(await outbox.relay(send)).toBe(5);
          await send(held);
        });
        expect(sent.toSorted()).toEqual(orders.map(({ msgId }) => msgId).toSorted());

        const last = someOrder();
        await store.place(last, SOON_MS);
        await expect(outbox.relay(() => Promise.reject(new Error('no confirm')))).rejects.toThrow('no confirm');
        const again: OutboxMessage[] = [];
        await expect.poll(() => outbox.relay(async (messages) => void again.push(...messages)), waiting(part)).toBe(1);
        expect(again.map(({ msgId }) => msgId)).toEqual([last.msgId]);
      }),
  },
  {
    says: 'ends a statement at its timeout, and nothing of its transaction stays',
    holds: (part) =>
      asShop(part, async ({ fails, rows }) => {
        const opId = randomUUID();
        const fromMs = performance.now();
        const slow = `BEGIN; SET LOCAL statement_timeout = '200ms'; ${insertOrder(opId)}; SELECT pg_sleep(30); COMMIT`;
        expect(await fails(slow)).toBe(CANCELED);
        expect(performance.now() - fromMs).toBeLessThan(15_000);
        expect(await rows(COUNT_OP, [opId])).toEqual([{ count: 0 }]);
      }),
  },
  {
    says: 'forgets a transaction whose connection is cut, and lets go of what it held',
    holds: (part) =>
      asShop(part, async ({ rows, store }) => {
        const opId = randomUUID();
        const order = someOrder();
        const key = `INSERT INTO idempotency VALUES ('${order.userId}', '${order.key}', 'x', 201, 'x')`;
        const one = await connected(part.dsn('app'), 'cut');
        await one.query('BEGIN');
        await one.query(insertOrder(opId));
        await one.query(key);
        const cut = () => rows(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'cut'`);
        expect(await cut()).toHaveLength(1);
        one.cut();
        await expect.poll(cut, waiting(part)).toEqual([]);
        expect(await rows(COUNT_OP, [opId])).toEqual([{ count: 0 }]);
        expect(await store.place(order, SOON_MS)).toEqual(stored(order));
      }),
  },
  {
    says: 'lets the superuser in when all connections of the shop are used up',
    holds: async (part) => {
      const open: Connection[] = [];
      try {
        let refused: unknown;
        while (refused === undefined && open.length < MORE_THAN_ALLOWED) {
          const tried = await Promise.allSettled(Array.from({ length: 10 }, () => connected(part.dsn('app'))));
          open.push(...tried.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])));
          refused = tried.find((one) => one.status === 'rejected')?.reason;
        }
        expect(refused).toMatchObject({ code: TOO_MANY });
        await using superuser = await connected(part.dsn('postgres'));
        expect((await superuser.query('SELECT 1')).rows).toHaveLength(1);
      } finally {
        await Promise.all(open.map((one) => one[Symbol.asyncDispose]()));
      }
    },
  },
];

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
const CHECK_VIOLATION = '23514';
const NO_PRIVILEGE = '42501';
const CANCELED = '57014';
const TOO_MANY = '53300';

/** The shop's servers take 120 connections. */
const MORE_THAN_ALLOWED = 400;

const MSG = '00000000-0000-4000-8000-000000000001';
