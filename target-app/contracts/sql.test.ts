import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDatabase } from '../service/postgres.ts';
import { startPostgresPair } from '../testing/postgres-pair.ts';
import type { ShardUnderTest } from './shard-under-test.ts';
import { describeSqlContract, SQL_CHECKS } from './sql-contract.ts';

describeSqlContract('embedded PostgreSQL', async () => ({ ...(await startPostgresPair()), patienceMs: 30_000 }));

/** How a shard breaks a sentence of the contract, which begins like this, and how it is mended. */
const BROKEN: readonly [begins: string, breaks: string[], mends: string[]][] = [
  [
    'takes an order whole',
    ['CREATE RULE lossy AS ON INSERT TO outbox DO INSTEAD NOTHING'],
    ['DROP RULE lossy ON outbox'],
  ],
  [
    'leaves nothing of an order that fails',
    ['ALTER TABLE order_items DROP CONSTRAINT order_items_pkey'],
    ['TRUNCATE order_items', 'ALTER TABLE order_items ADD PRIMARY KEY (order_id, line)'],
  ],
  [
    'stores an order once for its key',
    ['CREATE RULE forgetful AS ON INSERT TO idempotency DO INSTEAD NOTHING'],
    ['DROP RULE forgetful ON idempotency'],
  ],
  ['refuses an order of another epoch', ['UPDATE shard_meta SET epoch = 7'], ['UPDATE shard_meta SET epoch = 1']],
  ['lets the shop read, insert and mark', ['GRANT DELETE ON orders TO app'], ['REVOKE DELETE ON orders FROM app']],
  [
    'hands a job to one of two relays',
    [`ALTER TABLE outbox ALTER COLUMN state SET DEFAULT 'sent'`],
    [`ALTER TABLE outbox ALTER COLUMN state SET DEFAULT 'pending'`],
  ],
  [
    'ends a statement at its timeout',
    [
      `CREATE FUNCTION public.pg_sleep(integer) RETURNS void LANGUAGE sql AS ''`,
      'ALTER ROLE app SET search_path = public, pg_catalog',
    ],
    ['ALTER ROLE app RESET search_path', 'DROP FUNCTION public.pg_sleep(integer)'],
  ],
  ['lets the superuser in', ['ALTER ROLE app SUPERUSER'], ['ALTER ROLE app NOSUPERUSER']],
  ['has a commit on its standby', ['ALTER ROLE app SET synchronous_commit = off'], ['ALTER ROLE app RESET ALL']],
  ['tells the shop who follows', ['REVOKE pg_monitor FROM app'], ['GRANT pg_monitor TO app']],
  ['keeps a commit waiting', ['ALTER ROLE app SET synchronous_commit = local'], ['ALTER ROLE app RESET ALL']],
  ['has every order it acknowledged', ['ALTER ROLE app SET synchronous_commit = off'], ['ALTER ROLE app RESET ALL']],
];

describe('the SQL contract, at a shard that breaks it', () => {
  let part: ShardUnderTest;
  beforeAll(async () => {
    part = { ...(await startPostgresPair()), patienceMs: 500 };
    // What is not waited for stays in memory until somebody writes it down.
    await asSuperuser([`ALTER SYSTEM SET wal_writer_delay = '10s'`, 'SELECT pg_reload_conf()']);
  });
  afterAll(() => part?.stop());

  async function asSuperuser(statements: readonly string[]): Promise<void> {
    const database = connectDatabase({ shard: 'x', dsn: part.dsn('postgres'), maxConnections: 1, maxWaiting: 1 });
    try {
      await database.session(10_000, async (session) => {
        for (const statement of statements) await session.batch(statement);
      });
    } finally {
      await database.close();
    }
  }

  const check = (begins: string) => {
    const found = SQL_CHECKS.filter(({ says }) => says.startsWith(begins));
    if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} sentences begin '${begins}'`);
    return found[0];
  };

  test.each(BROKEN)('is not said to hold: %s', async (begins, breaks, mends) => {
    try {
      await asSuperuser(breaks);
      await expect(check(begins).holds(part)).rejects.toThrow(/^expected|too many clients/);
    } finally {
      await asSuperuser(mends);
    }
  });

  test('is not said to hold: refuses writes on the standby', async () => {
    const promoted = { ...part, standbyDsn: () => part.dsn('postgres') };
    await expect(check('refuses writes on the standby').holds(promoted)).rejects.toThrow(/instead of rejecting/);
  });

  test('is not said to hold: forgets a transaction whose connection is cut', async () => {
    const { port } = new URL(part.dsn('app'));
    // Whoever hangs up is not missed: the server goes on waiting for the next statement.
    const proxy = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect(Number(port), '127.0.0.1');
      near.on('data', (chunk) => far.write(chunk)).on('error', () => {});
      far.on('data', (chunk) => near.write(chunk)).on('error', () => {});
      far.on('close', () => near.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port: between } = proxy.address() as AddressInfo;
    const dsn: ShardUnderTest['dsn'] = (user) => part.dsn(user).replace(`:${port}/`, `:${between}/`);
    await expect(check('forgets a transaction').holds({ ...part, dsn })).rejects.toThrow(/^expected/);
    proxy.close();
  });
});
