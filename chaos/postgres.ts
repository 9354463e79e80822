import { Client } from 'pg';
import { Unreachable } from './unreachable.ts';

/** One statement to a PostgreSQL server, past the system under test. Nobody there is told apart from a refusal. */
export async function askPostgres(dsn: string, sql: string, signal: AbortSignal): Promise<Record<string, unknown>[]> {
  const client = new Client({
    connectionString: dsn,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
  });
  // What breaks is told by the statement that is under way.
  client.on('error', () => {});
  const { host } = new URL(dsn);
  const stop = () => client.connection.stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.connect().catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') throw new Unreachable(`PostgreSQL at ${host}`, error);
      throw new Error(`PostgreSQL at ${host} does not let us in: ${error.message}`, { cause: error });
    });
    return (await client.query(sql)).rows;
  } finally {
    signal.removeEventListener('abort', stop);
    await client.end().catch(() => {});
  }
}

const PATIENCE_MS = 5_000;
