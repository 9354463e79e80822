import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { SqlCheck } from './shard-under-test.ts';
import { asShop, connected, insertOrder, SOON_MS, someOrder, TRACES, waiting } from './sql-shop.ts';

/** What the shop counts on of a primary and its standby together. The last of them kills the primary. */
export const STANDBY_CHECKS: readonly SqlCheck[] = [
  {
    says: 'has a commit on its standby before it acknowledges it',
    holds: (part) =>
      asShop(part, async ({ database }) => {
        await using standby = await connected(part.standbyDsn());
        for (let turn = 0; turn < 20; turn++) {
          // Of a record of this transaction, which is followed by that of its commit.
          const before = await database.session(SOON_MS, async (session) => {
            await session.batch(`BEGIN; ${insertOrder(randomUUID())}`);
            const [row] = await session.batch<{ lsn: string }>('SELECT pg_current_wal_insert_lsn() AS lsn');
            await session.batch('COMMIT');
            return row?.lsn;
          });
          const { rows } = await standby.query('SELECT pg_last_wal_receive_lsn() > $1::pg_lsn AS there', [before]);
          expect(rows).toEqual([{ there: true }]);
        }
      }),
  },
  {
    says: 'refuses writes on the standby, where what is stored can be read',
    holds: (part) =>
      asShop(part, async ({ store }) => {
        const order = someOrder();
        await store.place(order, SOON_MS);
        await using standby = await connected(part.standbyDsn());
        await expect(standby.query(insertOrder(randomUUID()))).rejects.toMatchObject({ code: READ_ONLY });
        const there = async () =>
          (await standby.query('SELECT 1 FROM orders WHERE order_id = $1', [order.orderId])).rows;
        await expect.poll(there, waiting(part)).toHaveLength(1);
      }),
  },
  {
    says: 'tells the shop who follows, and how far behind it is',
    holds: (part) =>
      asShop(part, async ({ rows }) => {
        const follower = () =>
          rows(`SELECT application_name AS name, state, sync_state AS sync,
                  pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::int AS behind FROM pg_stat_replication`);
        const known = { name: part.standbyName, state: 'streaming', sync: 'sync' };
        await expect.poll(follower, waiting(part)).toEqual([{ ...known, behind: expect.any(Number) }]);
        await using standby = await connected(part.standbyDsn());
        await standby.query('SELECT pg_wal_replay_pause()');
        try {
          await rows(insertOrder(randomUUID()));
          await expect
            .poll(follower, waiting(part))
            .toEqual([{ ...known, behind: expect.toSatisfy((bytes) => bytes > 0) }]);
        } finally {
          await standby.query('SELECT pg_wal_replay_resume()');
        }
        await expect.poll(follower, waiting(part)).toEqual([{ ...known, behind: 0 }]);
      }),
  },
  {
    says: 'keeps a commit waiting while its standby is away, and acknowledges it once it is back and has caught up',
    holds: (part) =>
      asShop(part, async ({ store, rows, database }) => {
        await part.kill('standby');
        const order = someOrder();
        try {
          // Nobody cancels the wait: that would be an acknowledgement for one copy.
          expect(await store.place(order, 700)).toEqual({ kind: 'timeout', sent: true });
          expect(await rows(TRACES, [order.orderId])).toMatchObject([{ orders: 0 }]);
          const local = `BEGIN; SET LOCAL synchronous_commit = local; UPDATE outbox SET state = 'sent'; COMMIT`;
          await database.session(SOON_MS, (session) => session.batch(local));
        } finally {
          await part.revive('standby');
        }
        // The slot has kept what it missed.
        await expect
          .poll(() => store.place(order, SOON_MS), waiting(part))
          .toMatchObject({ rows: [{ outcome: 'replayed' }] });
        await using standby = await connected(part.standbyDsn());
        const there = async () => (await standby.query(TRACES, [order.orderId])).rows;
        await expect.poll(there, waiting(part)).toEqual([{ orders: 1, items: 1, keys: 1, jobs: 1 }]);
      }),
  },
  {
    says: 'has every order it acknowledged when it is killed and comes back, and its standby has them meanwhile',
    holds: (part) =>
      asShop(part, async ({ store, rows }) => {
        const acknowledged: string[] = [];
        let placing = true;
        const buyers = Array.from({ length: 4 }, async () => {
          while (placing) {
            const order = someOrder();
            const answer = await store.place(order, SOON_MS);
            if (answer.kind === 'rows') acknowledged.push(order.opId);
            else await sleep(20);
          }
        });
        try {
          await expect.poll(() => acknowledged.length, waiting(part)).toBeGreaterThan(50);
          await part.kill('primary');
          const told = [...acknowledged];
          const all = 'SELECT count(*)::int FROM orders WHERE op_id = ANY($1)';
          try {
            await using standby = await connected(part.standbyDsn());
            const copies = async () => (await standby.query(all, [told])).rows;
            await expect.poll(copies, waiting(part)).toEqual([{ count: told.length }]);
          } finally {
            await part.revive('primary');
          }
          await expect.poll(() => acknowledged.length, waiting(part)).toBeGreaterThan(told.length + 10);
          expect(await rows(all, [told])).toEqual([{ count: told.length }]);
        } finally {
          placing = false;
          await Promise.all(buyers);
        }
      }),
  },
];

const READ_ONLY = '25006';
