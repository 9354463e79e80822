import { z } from 'zod';
import { parseFlags } from '../flags.ts';
import { connectDatabase } from '../service/postgres.ts';
import { shardAddresses } from '../service/role.ts';
import { seedCore, seedShard } from './seed.ts';

const settingsSchema = z.strictObject({
  /** Straight to the shards, as a superuser. */
  shards: shardAddresses,
  /** The core database server; its path is replaced by the name of each database. */
  core: z.url(),
  withinS: z.coerce.number().positive().default(60),
});

/**
 * Makes tables, roles and products in databases that somebody else has started: waits for each of them, and leaves one
 * that has its tables as it is.
 */
export async function seedCommand(argv: readonly string[]): Promise<void> {
  const { shards, core, withinS } = parseFlags('seed', settingsSchema, argv);
  const deadlineMs = Date.now() + withinS * 1_000;
  const coreDsn = (database: string) => {
    const url = new URL(core);
    url.pathname = `/${database}`;
    return url.href;
  };
  await Promise.all([
    ...[...shards].map(async ([name, dsn]) => {
      if (!(await hasRows(dsn, `SELECT 1 FROM pg_tables WHERE tablename = 'shard_meta'`, deadlineMs)))
        await seedShard(dsn, name);
    }),
    (async () => {
      const there = `SELECT 1 FROM pg_database WHERE datname = 'catalog'`;
      if (!(await hasRows(coreDsn('postgres'), there, deadlineMs))) await seedCore(coreDsn);
    })(),
  ]);
}

/** Asks until the server answers. @throws its last error when it has not by the deadline */
async function hasRows(dsn: string, text: string, deadlineMs: number): Promise<boolean> {
  const database = connectDatabase({ shard: 'seed', dsn, maxConnections: 1, maxWaiting: 1 });
  try {
    for (;;) {
      try {
        const rows = await database.session(3_000, (session) => session.batch(text));
        return rows.length > 0;
      } catch (error) {
        if (Date.now() > deadlineMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  } finally {
    await database.close();
  }
}
