import { freePort } from '../testing/free-ports.ts';
import { SpawnedRole } from '../testing/spawned-role.ts';
import { describeEdgeContract } from './edge-contract.ts';

describeEdgeContract('embedded', async ({ host, port }) => {
  const role = new SpawnedRole('edge', 'edge', await freePort(), { lb: `http://${host}:${port}` });
  await role.start();
  return { url: role.url, does: { age: true, purge: false, staleOn500: true }, stop: () => role.kill() };
});
