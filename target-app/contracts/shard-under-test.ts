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
