import pg from 'pg';
import { durationHistogram, gauge } from './metrics.ts';

/** What became of a statement. It may be repeated without harm only when it was never sent. */
export type SqlResult<Row> =
  | { kind: 'rows'; rows: Row[] }
  /** Nothing was sent: the wait queue is full, or there is no connection to be had. */
  | { kind: 'unsent'; reason: 'queue-full' | 'no-connection'; error: Error }
  /** The database refused the statement, or the connection broke while it ran. */
  | { kind: 'failed'; error: Error }
  | { kind: 'timeout'; sent: boolean };

export interface Statement {
  /** The `op` label, and the name it is prepared under. */
  name: string;
  text: string;
  values?: unknown[];
}

export interface Session {
  run<Row extends pg.QueryResultRow>(statement: Statement): Promise<Row[]>;
  /** Several statements in one round trip, without values; the rows of the last one that returned any. */
  batch<Row extends pg.QueryResultRow>(text: string): Promise<Row[]>;
}

export interface Database {
  query<Row extends pg.QueryResultRow>(statement: Statement, deadlineMs: number): Promise<SqlResult<Row>>;
  /** Several statements on one connection. On any error the connection is dropped, so no transaction stays open. */
  session<Result>(deadlineMs: number, work: (session: Session) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

interface DatabaseOptions {
  /** The `shard` label. */
  shard: string;
  dsn: string;
  maxConnections: number;
  /** Callers allowed to wait for a connection. Beyond it a slow database would eat the memory of its clients. */
  maxWaiting: number;
}

/** A database answered a statement with something other than rows. `result` says what, for who wants to branch on it. */
export class SqlError extends Error {
  readonly result: SqlResult<never>;

  constructor(result: Exclude<SqlResult<never>, { kind: 'rows' }>) {
    super(describe(result));
    this.name = 'SqlError';
    this.result = result;
  }
}

/** The rows, or a throw. @throws SqlError */
export function rowsOf<Row>(result: SqlResult<Row>): Row[] {
  if (result.kind === 'rows') return result.rows;
  throw new SqlError(result);
}

const CONNECT_TIMEOUT_MS = 3_000;

const queryDurations = durationHistogram('db_query_duration_seconds', 'Time of a statement, waiting included.', [
  'shard',
  'role',
  'op',
]);
const waits = durationHistogram('db_pool_wait_seconds', 'Time until a connection was free.', ['shard']);
const connections = gauge('db_pool_connections', 'Connections of the pool.', ['shard', 'role', 'state']);

/**
 * A bounded pool of connections to one PostgreSQL server.
 *
 * At a deadline the connection is dropped and the statement is *not* cancelled: a cancelled wait for the synchronous
 * standby makes PostgreSQL report success for a commit that exists on the primary alone. The caller must take a sent
 * statement without an answer as "may have happened".
 */
export function connectDatabase({ shard, dsn, maxConnections, maxWaiting }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: dsn,
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  // Without these listeners a connection that breaks, idle or busy, ends the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    client.on('error', () => {});
  });
  const waitDuration = waits.labels(shard);
  const timers = new Map<string, (durationSec: number) => void>();
  const observe = (op: string, durationSec: number) => {
    let record = timers.get(op);
    if (record === undefined) {
      const child = queryDurations.labels(shard, 'primary', op);
      record = (sec) => child.observe(sec);
      timers.set(op, record);
    }
    record(durationSec);
  };
  const gauges = {
    idle: connections.labels(shard, 'primary', 'idle'),
    busy: connections.labels(shard, 'primary', 'busy'),
    waiting: connections.labels(shard, 'primary', 'waiting'),
  };
  const sampler = setInterval(() => {
    gauges.idle.set(pool.idleCount);
    gauges.busy.set(pool.totalCount - pool.idleCount);
    gauges.waiting.set(pool.waitingCount);
  }, 1_000);
  sampler.unref();

  async function query<Row extends pg.QueryResultRow>(
    statement: Statement,
    deadlineMs: number,
  ): Promise<SqlResult<Row>> {
    const startedAtMs = performance.now();
    const result = await withConnection(deadlineMs, (client) => run<Row>(client, statement));
    observe(statement.name, (performance.now() - startedAtMs) / 1000);
    return result.kind === 'done' ? { kind: 'rows', rows: result.value } : result;
  }

  async function session<Result>(deadlineMs: number, work: (session: Session) => Promise<Result>): Promise<Result> {
    const result = await withConnection(deadlineMs, (client) =>
      work({
        run: (statement) => run(client, statement),
        batch: async <Row extends pg.QueryResultRow>(text: string) => {
          // Typed as one result, yet an array when the text holds several statements.
          const answer: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await client.query<Row>(text);
          const answers = Array.isArray(answer) ? answer : [answer];
          return answers.findLast((one) => one.fields.length > 0)?.rows ?? [];
        },
      }),
    );
    if (result.kind === 'done') return result.value;
    throw new SqlError(result);
  }

  /** Waits for a connection and works on it, all within the deadline. A connection with work left on it is dropped. */
  function withConnection<Value>(
    deadlineMs: number,
    work: (client: pg.PoolClient) => Promise<Value>,
  ): Promise<{ kind: 'done'; value: Value } | Exclude<SqlResult<never>, { kind: 'rows' }>> {
    if (pool.waitingCount >= maxWaiting) {
      const error = new Error(`${pool.waitingCount} callers already wait for a connection to ${shard}`);
      return Promise.resolve({ kind: 'unsent', reason: 'queue-full', error });
    }
    return new Promise((resolve) => {
      const startedAtMs = performance.now();
      let held: pg.PoolClient | undefined;
      let over = false;
      const timer = setTimeout(() => {
        over = true;
        held?.release(true);
        resolve({ kind: 'timeout', sent: held !== undefined });
      }, deadlineMs);
      const finish = (result: Parameters<typeof resolve>[0]) => {
        over = true;
        clearTimeout(timer);
        resolve(result);
      };
      pool.connect().then(
        (client) => {
          waitDuration.observe((performance.now() - startedAtMs) / 1000);
          if (over) {
            client.release();
            return;
          }
          held = client;
          work(client).then(
            (value) => {
              if (over) return;
              client.release();
              finish({ kind: 'done', value });
            },
            (error: unknown) => {
              if (over) return;
              client.release(true);
              finish({ kind: 'failed', error: asError(error) });
            },
          );
        },
        (error: unknown) => {
          if (!over) finish({ kind: 'unsent', reason: 'no-connection', error: asError(error) });
        },
      );
    });
  }

  return {
    query,
    session,
    async close() {
      clearInterval(sampler);
      await pool.end();
    },
  };
}

async function run<Row extends pg.QueryResultRow>(
  client: pg.PoolClient,
  { name, text, values }: Statement,
): Promise<Row[]> {
  return (await client.query<Row>({ name, text, values: values ?? [] })).rows;
}

function describe(result: Exclude<SqlResult<never>, { kind: 'rows' }>): string {
  switch (result.kind) {
    case 'unsent':
      return `not sent (${result.reason}): ${result.error.message}`;
    case 'failed':
      return result.error.message;
    case 'timeout':
      return result.sent ? 'no answer before the deadline' : 'no connection before the deadline';
    default:
      return result satisfies never;
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
