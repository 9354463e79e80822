import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { connectDatabase, type Session } from '../service/postgres.ts';
import { postgresArgs, type Replication } from '../supervisor/postgres-args.ts';
import type { PostgresHome } from '../supervisor/postgres-home.ts';
import { probeSql } from '../supervisor/probes.ts';
import { freePort } from './free-ports.ts';

/** A PostgreSQL server over a data folder that is there, which a test can kill and start again. For tests. */
export class PostgresServer {
  readonly port: number;
  readonly #home: PostgresHome;
  readonly #folder: string;
  readonly #replication: Replication;
  #child: ChildProcess | undefined;

  private constructor(home: PostgresHome, folder: string, port: number, replication: Replication) {
    this.#home = home;
    this.#folder = folder;
    this.port = port;
    this.#replication = replication;
  }

  static async start(home: PostgresHome, folder: string, replication: Replication): Promise<PostgresServer> {
    const server = new PostgresServer(home, folder, await freePort(), replication);
    await server.start();
    return server;
  }

  dsn(database = 'postgres', user = 'postgres'): string {
    return `postgres://${user}@127.0.0.1:${this.port}/${database}`;
  }

  async start(): Promise<void> {
    const deadlineMs = Date.now() + 30_000;
    for (;;) {
      // It refuses to start while processes of a killed one are still on their way out.
      if (!this.#runs) this.#spawn();
      try {
        return await probeSql(this.dsn(), 'SELECT 1');
      } catch (error) {
        if (Date.now() > deadlineMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  }

  #spawn(): void {
    const { uid, bin } = this.#home;
    const identity = uid === undefined ? {} : { uid, gid: uid };
    const args = postgresArgs(this.#folder, this.port, this.#replication);
    this.#child = spawn(join(bin, 'postgres'), args, { stdio: 'ignore', cwd: this.#folder, ...identity });
  }

  get #runs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** At once, without a goodbye, and its folder free for the next one. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await gone;
  }

  /** On a connection of its own. */
  async sql<Result>(work: (session: Session) => Promise<Result>, database = 'postgres'): Promise<Result> {
    const options = { shard: 'test', dsn: this.dsn(database), maxConnections: 1, maxWaiting: 1 };
    const connection = connectDatabase(options);
    try {
      return await connection.session(20_000, work);
    } finally {
      await connection.close();
    }
  }
}
