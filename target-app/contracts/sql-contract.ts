import { afterAll, beforeAll, describe, test } from 'vitest';
import { STANDBY_CHECKS } from './sql-standby-checks.ts';
import { STORE_CHECKS } from './sql-store-checks.ts';

/** A shard with its tables, and a standby that follows it. */
export interface ShardUnderTest {
  /** Of the primary. */
  dsn(user: 'app' | 'postgres'): string;
  /** Of the standby, as the superuser. */
  standbyDsn(): string;
  /** As the primary knows it. */
  standbyName: string;
  /** Without a goodbye; it keeps its data. */
  kill(which: 'primary' | 'standby'): Promise<void>;
  /** Resolves when it answers. */
  revive(which: 'primary' | 'standby'): Promise<void>;
  stop(): Promise<void>;
  /** How long a check waits for what must come. */
  patienceMs: number;
}

/** A sentence of the contract, and what throws when it does not hold. */
export interface SqlCheck {
  says: string;
  holds(part: ShardUnderTest): Promise<void>;
}

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
