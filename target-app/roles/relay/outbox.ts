import { z } from 'zod';
import type { Database } from '../../service/postgres.ts';

export interface OutboxMessage {
  msgId: string;
  topic: string;
  payload: z.core.util.JSONType;
}

type OutboxRow = { id: string; msg_id: string; topic: string; payload: z.core.util.JSONType };

const DEADLINE_MS = 10_000;
const LOOK = `SELECT 1 FROM outbox WHERE state = 'pending' LIMIT 1`;

/** The outbox of one shard: what its orders have promised to tell the rest of the system. */
export class Outbox {
  readonly #database: Pick<Database, 'session'>;
  readonly #batch: number;

  constructor(database: Pick<Database, 'session'>, batch: number) {
    this.#database = database;
    this.#batch = batch;
  }

  /**
   * Takes a batch of pending messages, hands them to `publish`, and marks them sent once that has resolved, all in one
   * transaction: when anything fails the rows are pending again. So a message goes out at least once, and twice when the
   * failure comes after the confirmation. Returns how many went out.
   */
  async relay(publish: (messages: OutboxMessage[]) => Promise<void>): Promise<number> {
    return await this.#database.session(DEADLINE_MS, async (session) => {
      // Most looks find nothing: they are one prepared statement, and no transaction.
      const there = await session.run({ name: 'outbox_look', text: LOOK });
      if (there.length === 0) return 0;
      // The mark need not wait for the standby: lost in a failover, it only makes a message go out twice.
      const rows = await session.batch<OutboxRow>(
        `BEGIN; SET LOCAL synchronous_commit = local;
         SELECT id, msg_id, topic, payload FROM outbox WHERE state = 'pending'
         ORDER BY id LIMIT ${this.#batch} FOR UPDATE SKIP LOCKED`,
      );
      if (rows.length === 0) {
        await session.batch('COMMIT');
        return 0;
      }
      await publish(rows.map(({ msg_id, topic, payload }) => ({ msgId: msg_id, topic, payload })));
      const ids = rows.map((row) => z.coerce.number().int().parse(row.id)).join(',');
      await session.batch(`UPDATE outbox SET state = 'sent' WHERE id IN (${ids}); COMMIT`);
      return rows.length;
    });
  }

  /** How many messages wait, and the age of the oldest in seconds. @throws SqlError */
  async backlog(): Promise<{ pending: number; oldestSec: number }> {
    type BacklogRow = { pending: number; oldest_sec: number };
    return await this.#database.session(DEADLINE_MS, async (session) => {
      const [row] = await session.run<BacklogRow>({
        name: 'backlog',
        text: `SELECT count(*)::int AS pending,
                      coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_sec
               FROM outbox WHERE state = 'pending'`,
      });
      return { pending: row?.pending ?? 0, oldestSec: row?.oldest_sec ?? 0 };
    });
  }
}
