import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Operation } from '../load/recorder.ts';
import type { Finding, OracleEvidence } from './oracle.ts';
import { type Query, withPostgres } from './postgres.ts';

/**
 * Every acknowledged order is stored exactly once over all shards; one that was refused is not stored; one whose answer
 * never came is stored at most once. Inconclusive when no order was acknowledged or a shard cannot be read.
 */
export async function ordersExactlyOnce({ stores, operations, signal }: OracleEvidence): Promise<Finding> {
  const shards = stores.filter((store) => store.kind === 'postgres' && store.holds.includes('orders'));
  const expected = foldByKey(operations);
  const acknowledged = [...expected.values()].filter((outcome) => outcome === 'ok').length;
  if (shards.length === 0) return unknown('the target names no store that holds orders');
  if (acknowledged === 0) return unknown('no order was acknowledged, so there is nothing to check');

  const stored = new Map<string, number>();
  // A shard that took part in nothing is told too: nobody should have to guess which of them were read.
  const onShard = new Map(shards.map(({ name }) => [name, 0]));
  try {
    await Promise.all(
      shards.map(({ name, dsn }) =>
        withPostgres(dsn, async (query) => {
          await quiet(name, query, signal);
          for (const keys of chunks([...expected.keys()], KEYS_PER_QUERY)) {
            const rows = await query(
              'select op_id, count(*)::int as copies from orders where op_id = any($1) group by op_id',
              [keys],
            );
            for (const row of rows) {
              const key = String(row.op_id);
              stored.set(key, (stored.get(key) ?? 0) + Number(row.copies));
              onShard.set(name, (onShard.get(name) ?? 0) + Number(row.copies));
            }
          }
        }),
      ),
    );
  } catch (error) {
    return unknown(`the shards could not be read: ${messageOf(error)}`);
  }

  const lost: string[] = [];
  const twice: string[] = [];
  const ghosts: string[] = [];
  for (const [key, outcome] of expected) {
    const copies = stored.get(key) ?? 0;
    if (outcome === 'ok' && copies === 0) lost.push(key);
    if (outcome === 'fail' && copies > 0) ghosts.push(key);
    if (copies > 1) twice.push(key);
  }
  const unsure = [...expected.values()].filter((outcome) => outcome === 'unknown').length;
  const counts = {
    acknowledged,
    unsure,
    lost: lost.length,
    twice: twice.length,
    ghosts: ghosts.length,
    ...Object.fromEntries([...onShard].map(([name, orders]) => [`on ${name}`, orders])),
  };
  const broken = lost.length + twice.length + ghosts.length > 0;
  const parts = [
    `${show(acknowledged)} orders acknowledged`,
    `${show(lost.length)} lost`,
    `${show(twice.length)} stored more than once`,
  ];
  if (ghosts.length > 0) parts.push(`${show(ghosts.length)} refused but stored`);
  if (unsure > 0) parts.push(`${show(unsure)} never answered`);
  return {
    outcome: broken ? 'failed' : 'passed',
    sentence: parts.join(', '),
    counts,
    examples: [
      ...lost.slice(0, 10).map((key) => `${key}: acknowledged, on no shard`),
      ...twice.slice(0, 10).map((key) => `${key}: stored ${stored.get(key)} times`),
      ...ghosts.slice(0, 10).map((key) => `${key}: refused, yet stored`),
    ],
  };
}

/** What the client knows of a key after all tries: acknowledged once is acknowledged, and only all refusals refuse. */
function foldByKey(operations: readonly Operation[]): Map<string, Operation['outcome']> {
  const rank = { ok: 2, unknown: 1, fail: 0 };
  const byKey = new Map<string, Operation['outcome']>();
  for (const { key, outcome } of operations) {
    const known = byKey.get(key);
    if (known === undefined || rank[outcome] > rank[known]) byKey.set(key, outcome);
  }
  return byKey;
}

/** Waits until no transaction is under way: an order that was never answered may still be on its way in. */
async function quiet(shard: string, query: Query, signal: AbortSignal): Promise<void> {
  let calm = 0;
  for (let tries = 0; tries < 75; tries++) {
    const [row] = await query(
      `select count(*)::int as busy from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start is not null`,
      [],
    );
    calm = Number(row?.busy) === 0 ? calm + 1 : 0;
    if (calm === 2) return;
    await sleep(200, undefined, { signal });
  }
  throw new Error(`${shard} still had transactions under way after 15 s`);
}

function* chunks<Item>(items: Item[], size: number): Generator<Item[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}

function unknown(sentence: string): Finding {
  return { outcome: 'inconclusive', sentence, counts: {}, examples: [] };
}

function show(value: number): string {
  return value.toLocaleString('en-US');
}

const KEYS_PER_QUERY = 10_000;
