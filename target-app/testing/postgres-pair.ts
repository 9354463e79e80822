import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloneForStandby, initDatabase, preparePostgresHome } from '../supervisor/postgres-home.ts';
import { seedShard } from '../supervisor/seed.ts';
import { PostgresServer } from './postgres-server.ts';

const STANDBY = 'contract-standby';

/** A shard of the embedded PostgreSQL and its standby, started as the target starts them. For tests. */
export async function startPostgresPair() {
  const folder = await mkdtemp(join(tmpdir(), 'postgres-pair-'));
  const home = await preparePostgresHome(folder);
  const primaryFolder = await initDatabase(home, 'primary');
  const standbyFolder = await cloneForStandby(home, primaryFolder, 'standby');
  const primary = await PostgresServer.start(home, primaryFolder, { kind: 'primary', standbyName: STANDBY });
  await seedShard(primary.dsn(), 'eu-0');
  const following = { kind: 'standby', standbyName: STANDBY, primaryPort: primary.port } as const;
  const standby = await PostgresServer.start(home, standbyFolder, following);
  const servers = { primary, standby };
  return {
    standbyName: STANDBY,
    dsn: (user: 'app' | 'postgres') => primary.dsn('postgres', user),
    standbyDsn: () => standby.dsn(),
    kill: (which: keyof typeof servers) => servers[which].kill(),
    revive: (which: keyof typeof servers) => servers[which].start(),
    async stop() {
      await standby.stop();
      await primary.stop();
      await home.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
