import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { redisLaunch } from '../parts/redis/launch.ts';
import { probeAnswer } from '../supervisor/probes.ts';
import { freePort } from '../testing/free-ports.ts';
import { SpawnedPart } from '../testing/spawned-part.ts';
import { type CacheUnderTest, describeCacheContract } from './cache-contract.ts';

const { REDIS_SERVER } = process.env;

if (REDIS_SERVER === undefined) describe.skip('cache contract: Redis', () => test('needs REDIS_SERVER'));
else describeCacheContract('Redis', () => startRedis(REDIS_SERVER));

async function startRedis(binary: string): Promise<CacheUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-contract-'));
  const port = await freePort();
  const launch = redisLaunch(binary, folder, { host: '127.0.0.1', port });
  const part = new SpawnedPart(launch, () => probeAnswer(port, 'PING\r\n', '+PONG'));
  await part.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => part.kill(),
    revive: () => part.start(),
    async stop() {
      await part.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
