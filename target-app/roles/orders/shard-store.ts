import type { Database, SqlResult, Statement } from '../../service/postgres.ts';

/** `place_order` in sql/shard.sql, argument by argument. */
export interface NewOrder {
  epoch: number;
  userId: string;
  key: string;
  fingerprint: string;
  opId: string;
  orderId: string;
  msgId: string;
  totalCents: number;
  itemsJson: string;
  response: string;
}

export type PlacedRow = {
  outcome: 'stored' | 'replayed' | 'mismatch' | 'stale-epoch';
  status: number;
  response: string | null;
};

export type OrderRow = { order_id: string; user_id: string; total_cents: string; created_at: Date };

/** The three statements the orders service knows. */
export class ShardStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** One round trip, one transaction. */
  place(order: NewOrder, deadlineMs: number): Promise<SqlResult<PlacedRow>> {
    const statement: Statement = {
      name: 'place_order',
      text: 'SELECT outcome, status, response FROM place_order($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
      values: [
        order.epoch,
        order.userId,
        order.key,
        order.fingerprint,
        order.opId,
        order.orderId,
        order.msgId,
        order.totalCents,
        order.itemsJson,
        order.response,
      ],
    };
    return this.#database.query<PlacedRow>(statement, deadlineMs);
  }

  find(userId: string, orderId: string, deadlineMs: number): Promise<SqlResult<OrderRow>> {
    const statement: Statement = {
      name: 'find_order',
      text: 'SELECT order_id, user_id, total_cents, created_at FROM orders WHERE order_id = $1 AND user_id = $2',
      values: [orderId, userId],
    };
    return this.#database.query<OrderRow>(statement, deadlineMs);
  }

  epoch(deadlineMs: number): Promise<SqlResult<{ epoch: number }>> {
    return this.#database.query({ name: 'read_epoch', text: 'SELECT epoch FROM shard_meta' }, deadlineMs);
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
