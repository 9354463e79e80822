import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectQueue } from '../service/queue/connect-queue.ts';
import { initDatabase, preparePostgresHome } from '../supervisor/postgres-home.ts';
import { seedCore } from '../supervisor/seed.ts';
import { freePort } from '../testing/free-ports.ts';
import { PostgresServer } from '../testing/postgres-server.ts';
import { SpawnedRole } from '../testing/spawned-role.ts';
import { describeQueueContract } from './queue-contract.ts';

const MAX_ATTEMPTS = 3;
/** Shorter than in earnest, so that the test need not wait long for a lease to end. */
const LEASE_MS = 3_000;

describeQueueContract('embedded broker on PostgreSQL', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'queue-contract-'));
  const home = await preparePostgresHome(folder);
  const database = await PostgresServer.start(home, await initDatabase(home, 'core'), { kind: 'alone' });
  await seedCore((name) => database.dsn(name));
  const flags = { database: database.dsn('queue', 'app'), 'max-attempts': String(MAX_ATTEMPTS) };
  const broker = new SpawnedRole('broker', 'broker', await freePort(), flags);
  await broker.start();
  let current = '';
  return {
    maxAttempts: MAX_ATTEMPTS,
    async connect(queue, client) {
      // The broker has one queue: a new one is the old one emptied.
      if (queue !== current) await database.sql((session) => session.batch('TRUNCATE jobs'), 'queue');
      current = queue;
      return await connectQueue({ url: broker.url, client, service: 'test', leaseMs: LEASE_MS });
    },
    kill: () => broker.kill(),
    revive: () => broker.start(),
    async dead() {
      const text = `SELECT msg_id FROM jobs WHERE state = 'dead'`;
      const rows = await database.sql((session) => session.batch<{ msg_id: string }>(text), 'queue');
      return rows.map((row) => row.msg_id);
    },
    async stop() {
      await broker.kill();
      await database.stop();
      await home.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
