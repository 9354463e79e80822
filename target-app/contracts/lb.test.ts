import { freePort } from '../testing/free-ports.ts';
import { SpawnedRole } from '../testing/spawned-role.ts';
import { describeLbContract } from './lb-contract.ts';

describeLbContract('embedded', async ({ a, b }) => {
  const entry = (name: string, { host, port }: { host: string; port: number }) =>
    `${name}=http://${host}:${port}=http://${host}:${port}`;
  const backends = [entry('a', a), entry('b', b)].join();
  const role = new SpawnedRole('lb', 'lb', await freePort(), { backends });
  await role.start();
  return { url: role.url, stop: () => role.kill() };
});
