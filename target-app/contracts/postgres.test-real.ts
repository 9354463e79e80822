import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { startComposedShard } from '../testing/composed-shard.ts';
import { describeSqlContract } from './sql-contract.ts';

const { DOCKER, DOCKER_COMPOSE, DEBOOTSTRAP, TOXIPROXY_SERVER } = process.env;

if (!DOCKER || !DOCKER_COMPOSE || !DEBOOTSTRAP || !TOXIPROXY_SERVER || freemem() < 2 ** 30)
  describe.skip('SQL contract: PostgreSQL of the stack in containers', () =>
    test('needs Docker, Docker Compose, debootstrap, Toxiproxy and 1 GiB of free memory'));
else {
  const { buildStandIns } = await import(String(new URL('../compose/stand-ins/build.mjs', import.meta.url)));
  // The first time it takes minutes, which is no test's own time.
  const images = buildStandIns({
    docker: DOCKER,
    work: fileURLToPath(new URL('../../.stampede/stand-ins', import.meta.url)),
    toxiproxy: TOXIPROXY_SERVER,
    node: process.execPath,
    say: (line: string) => process.stdout.write(`${line}\n`),
  });
  describeSqlContract('PostgreSQL of the stack in containers', async () => {
    return { ...(await startComposedShard([DOCKER_COMPOSE], images)), patienceMs: 60_000 };
  });
}
