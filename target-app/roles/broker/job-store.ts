import { z } from 'zod';
import { type Database, rowsOf } from '../../service/postgres.ts';

export const messageSchema = z.strictObject({ msgId: z.uuid(), topic: z.string().min(1), payload: z.json() });
export const leaseSchema = z.strictObject({ msgId: z.uuid(), lease: z.uuid() });

export type Message = z.infer<typeof messageSchema>;
export type Lease = z.infer<typeof leaseSchema>;
export type LeasedJob = Message & Lease & { attempts: number };

export type JobState = 'queued' | 'running' | 'done' | 'dead';

type LeasedRow = {
  msg_id: string;
  lease: string;
  state: JobState;
  topic: string;
  payload: Message['payload'];
  attempts: number;
};

const DEADLINE_MS = 4_000;

/**
 * Jobs in PostgreSQL. A leased job is `running` until it is acknowledged, given back, or its lease ends; then it is
 * due again. Only the holder of the present lease can end it.
 */
export class JobStore {
  readonly #database: Database;
  readonly #maxAttempts: number;

  constructor(database: Database, maxAttempts: number) {
    this.#database = database;
    this.#maxAttempts = maxAttempts;
  }

  /** Durable when it returns. A message that is here already changes nothing, so a publisher may repeat itself. */
  async publish(messages: readonly Message[]): Promise<void> {
    const statement = {
      name: 'publish',
      text: `INSERT INTO jobs (msg_id, topic, payload)
             SELECT m."msgId", m.topic, m.payload
             FROM jsonb_to_recordset($1::jsonb) AS m ("msgId" uuid, topic text, payload jsonb)
             ON CONFLICT (msg_id) DO NOTHING`,
      values: [JSON.stringify(messages)],
    };
    rowsOf(await this.#database.query(statement, DEADLINE_MS));
  }

  /** Up to `max` due jobs, for `leaseMs`. What has used up its tries dies here instead of being handed out. */
  async lease(worker: string, max: number, leaseMs: number): Promise<LeasedJob[]> {
    const statement = {
      name: 'lease',
      text: `WITH due AS (
               SELECT id FROM jobs
               WHERE state IN ('queued', 'running') AND due_at <= now()
               ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
             )
             UPDATE jobs SET
               state = CASE WHEN attempts >= $4 THEN 'dead' ELSE 'running' END,
               attempts = least(attempts + 1, $4),
               lease = gen_random_uuid(), worker = $2, due_at = now() + $3 * interval '1 millisecond'
             FROM due WHERE jobs.id = due.id
             RETURNING msg_id, lease, state, topic, payload, attempts`,
      values: [max, worker, leaseMs, this.#maxAttempts],
    };
    const rows = rowsOf(await this.#database.query<LeasedRow>(statement, DEADLINE_MS));
    return rows
      .filter((row) => row.state === 'running')
      .map(({ msg_id, lease, topic, payload, attempts }) => ({ msgId: msg_id, lease, topic, payload, attempts }));
  }

  /** The ids of those that were done with a lease still valid; for the others somebody else is responsible by now. */
  async ack(leases: readonly Lease[]): Promise<string[]> {
    return await this.#end('ack', `state = 'done', lease = NULL`, leases);
  }

  /** Done, as far as the worker hears, and once more in the queue; what was delivered twice already is done. */
  async ackAndRepeat(leases: readonly Lease[]): Promise<string[]> {
    const change = `state = CASE WHEN attempts = 1 THEN 'queued' ELSE 'done' END, lease = NULL, due_at = now()`;
    return await this.#end('ack_and_repeat', change, leases);
  }

  /** Back to the queue, later with each try; dead when there have been enough. */
  async nack(leases: readonly Lease[]): Promise<string[]> {
    const change = `state = CASE WHEN attempts >= ${this.#maxAttempts} THEN 'dead' ELSE 'queued' END, lease = NULL,
                    due_at = now() + least(10000, 100 * 2 ^ least(attempts, 10)) * interval '1 millisecond'`;
    return await this.#end('nack', change, leases);
  }

  async find(msgId: string): Promise<{ state: JobState; attempts: number } | undefined> {
    const statement = {
      name: 'find_job',
      text: 'SELECT state, attempts FROM jobs WHERE msg_id = $1',
      values: [msgId],
    };
    const rows = rowsOf(await this.#database.query<{ state: JobState; attempts: number }>(statement, DEADLINE_MS));
    return rows[0];
  }

  /** Jobs that are not done, by state, and the age in seconds of the one that is overdue longest. */
  async depth(): Promise<{ queued: number; running: number; dead: number; oldestSec: number }> {
    type DepthRow = { queued: number; running: number; dead: number; oldest_sec: number };
    const statement = {
      name: 'depth',
      text: `SELECT count(*) FILTER (WHERE state = 'queued')::int AS queued,
                    count(*) FILTER (WHERE state = 'running')::int AS running,
                    (SELECT count(*)::int FROM jobs WHERE state = 'dead') AS dead,
                    coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_sec
             FROM jobs WHERE state IN ('queued', 'running')`,
    };
    const [row] = rowsOf(await this.#database.query<DepthRow>(statement, DEADLINE_MS));
    return {
      queued: row?.queued ?? 0,
      running: row?.running ?? 0,
      dead: row?.dead ?? 0,
      oldestSec: row?.oldest_sec ?? 0,
    };
  }

  async #end(name: string, change: string, leases: readonly Lease[]): Promise<string[]> {
    const statement = {
      name,
      text: `UPDATE jobs SET ${change}
             FROM jsonb_to_recordset($1::jsonb) AS held ("msgId" uuid, lease uuid)
             WHERE jobs.msg_id = held."msgId" AND jobs.lease = held.lease AND jobs.state = 'running'
             RETURNING jobs.msg_id`,
      values: [JSON.stringify(leases)],
    };
    const rows = rowsOf(await this.#database.query<{ msg_id: string }>(statement, DEADLINE_MS));
    return rows.map((row) => row.msg_id);
  }
}
