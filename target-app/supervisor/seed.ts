import { readFile } from 'node:fs/promises';
import { PRODUCT_COUNT, priceCents, productName } from '../price-list.ts';
import { connectDatabase } from '../service/postgres.ts';
import { SLOT } from './postgres-args.ts';

const DEADLINE_MS = 20_000;

/** The tables of an order shard, at epoch 1, and the slot its standby reads from. */
export async function seedShard(dsn: string, shard: string): Promise<void> {
  await runSql(dsn, [
    // The standby may not be there yet, and these are the same on every start.
    'SET synchronous_commit = local',
    `SELECT pg_create_physical_replication_slot('${SLOT}', true)`,
    // The relay tells how far the standby is behind.
    'CREATE ROLE app LOGIN IN ROLE pg_monitor',
    await schema('shard'),
    `INSERT INTO shard_meta (shard, epoch) VALUES ('${shard}', 1)`,
  ]);
}

/** The databases of everything that is not sharded: the queue with its sink, and the catalog with its products. */
export async function seedCore(dsnOf: (database: string) => string): Promise<void> {
  await runSql(dsnOf('postgres'), ['CREATE ROLE app LOGIN', 'CREATE DATABASE queue', 'CREATE DATABASE catalog']);
  const products = Array.from({ length: PRODUCT_COUNT }, (_, index) => {
    const id = index + 1;
    return `(${id}, '${productName(id)}', ${priceCents(id)})`;
  });
  await Promise.all([
    runSql(dsnOf('queue'), [await schema('queue')]),
    runSql(dsnOf('catalog'), [
      await schema('catalog'),
      `INSERT INTO products (id, name, price_cents) VALUES ${products.join(',')}`,
    ]),
  ]);
}

async function schema(name: string): Promise<string> {
  return await readFile(new URL(`../sql/${name}.sql`, import.meta.url), 'utf8');
}

async function runSql(dsn: string, texts: readonly string[]): Promise<void> {
  const database = connectDatabase({ shard: 'seed', dsn, maxConnections: 1, maxWaiting: 1 });
  try {
    await database.session(DEADLINE_MS, async (session) => {
      for (const text of texts) await session.batch(text);
    });
  } finally {
    await database.close();
  }
}
