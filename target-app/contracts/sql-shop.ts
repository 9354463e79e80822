import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { type NewOrder, ShardStore } from '../roles/orders/shard-store.ts';
import { connectDatabase, type Database, SqlError } from '../service/postgres.ts';
import type { ShardUnderTest } from './shard-under-test.ts';

/** What the checks of the SQL contract have in common: a shop at the shard, and orders for it. */

/** A statement of a shop that is not in trouble. */
export const SOON_MS = 10_000;

/** Orders with the operation $1. */
export const COUNT_OP = 'SELECT count(*)::int FROM orders WHERE op_id = $1';
/** What there is of the order $1, in each table. */
export const TRACES = `SELECT (SELECT count(*)::int FROM orders WHERE order_id = $1) AS orders,
  (SELECT count(*)::int FROM order_items WHERE order_id = $1) AS items,
  (SELECT count(*)::int FROM idempotency WHERE response = $1::text) AS keys,
  (SELECT count(*)::int FROM outbox WHERE payload->>'orderId' = $1::text) AS jobs`;

export const ITEM = { line: 1, productId: 7, quantity: 1, unitCents: 100 };

export function someOrder(change: Partial<NewOrder> = {}): NewOrder {
  const orderId = randomUUID();
  const opId = randomUUID();
  return {
    epoch: 1,
    userId: `eu-${opId}`,
    key: opId,
    fingerprint: orderId,
    opId,
    orderId,
    msgId: randomUUID(),
    totalCents: 100,
    itemsJson: JSON.stringify([ITEM]),
    response: orderId,
    ...change,
  };
}

export function stored({ response }: NewOrder) {
  return { kind: 'rows', rows: [{ outcome: 'stored', status: 201, response }] };
}

export function insertOrder(opId: string): string {
  return `INSERT INTO orders (order_id, user_id, op_id, total_cents, epoch)
    VALUES ('${randomUUID()}', 'eu-1', '${opId}', 1, 1)`;
}

/** How long a check waits for what must come. */
export function waiting({ patienceMs }: ShardUnderTest): { timeout: number; interval: number } {
  return { timeout: patienceMs, interval: 25 };
}

export interface Shop {
  store: ShardStore;
  database: Database;
  /** One statement. @throws what the database said */
  rows(text: string, values?: unknown[]): Promise<unknown[]>;
  /** The SQLSTATE with which statements are refused. @throws when they are not */
  fails(text: string): Promise<string>;
}

/** As the services of the shop are connected. */
export async function asShop(part: ShardUnderTest, check: (shop: Shop) => Promise<void>): Promise<void> {
  const database = connectDatabase({ shard: 'contract', dsn: part.dsn('app'), maxConnections: 10, maxWaiting: 10 });
  const rows: Shop['rows'] = async (text, values = []) => {
    const result = await database.query({ name: '', text, values }, SOON_MS);
    if (result.kind === 'rows') return result.rows;
    throw result.kind === 'timeout' ? new Error(`no answer to ${text}`) : result.error;
  };
  const fails: Shop['fails'] = async (text) => {
    try {
      await database.session(30_000, (session) => session.batch(text));
    } catch (error) {
      const cause = error instanceof SqlError && error.result.kind === 'failed' ? error.result.error : undefined;
      if (cause instanceof pg.DatabaseError && cause.code !== undefined) return cause.code;
      throw error;
    }
    throw new Error(`expected to be refused: ${text}`);
  };
  try {
    await check({ store: new ShardStore(database), database, rows, fails });
  } finally {
    await database.close();
  }
}

/** A connection past the pools of the shop. */
export interface Connection extends AsyncDisposable {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  /** Without a goodbye, whatever is under way. */
  cut(): void;
}

/** @throws what the server said, with its SQLSTATE as `code` */
export async function connected(dsn: string, name = 'contract'): Promise<Connection> {
  const client = new pg.Client({ connectionString: dsn, application_name: name });
  client.on('error', () => {});
  await client.connect();
  return {
    query: (text, values = []) => client.query(text, values),
    cut: () => client.connection.stream.destroy(),
    [Symbol.asyncDispose]: () => client.end(),
  };
}
