import { Client } from 'pg';

/** Reads a PostgreSQL server directly, past the target's own services. The only file of the harness that imports pg. */
export async function withPostgres<Result>(dsn: string, use: (query: Query) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: dsn, connectionTimeoutMillis: 5_000, query_timeout: 30_000 });
  // A connection that breaks while idle must not end the harness; the next query reports it.
  client.on('error', () => {});
  await client.connect();
  try {
    return await use(async (text, values) => (await client.query(text, values)).rows);
  } finally {
    await client.end().catch(() => {});
  }
}

export type Query = (text: string, values: unknown[]) => Promise<Record<string, unknown>[]>;
