import { freePorts } from '../testing/free-ports.ts';
import { SpawnedRole } from '../testing/spawned-role.ts';
import { describeCacheContract } from './cache-contract.ts';

describeCacheContract('embedded', async () => {
  const [port = 0, httpPort = 0] = await freePorts(2);
  const role = new SpawnedRole('cache', 'cache', port, { 'http-port': String(httpPort) }, httpPort);
  await role.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => role.kill(),
    revive: () => role.start(),
    stop: () => role.kill(),
  };
});
