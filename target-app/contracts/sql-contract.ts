import { afterAll, beforeAll, describe, test } from 'vitest';
import type { ShardUnderTest, SqlCheck } from './shard-under-test.ts';
import { STANDBY_CHECKS } from './sql-standby-checks.ts';
import { STORE_CHECKS } from './sql-store-checks.ts';

export const SQL_CHECKS: readonly SqlCheck[] = [...STORE_CHECKS, ...STANDBY_CHECKS];

/** What the shop counts on of the store of its orders, whichever PostgreSQL there is. */
export function describeSqlContract(name: string, start: () => Promise<ShardUnderTest>): void {
  describe(`SQL contract: ${name}`, () => {
    let part: ShardUnderTest;
    beforeAll(async () => {
      part = await start();
    }, 180_000);
    afterAll(async () => {
      await part?.stop();
    }, 60_000);

    test.each(SQL_CHECKS)('$says', { timeout: 120_000 }, async ({ holds }) => {
      await holds(part);
    });
  });
}
