import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import type { PartLaunch } from '../parts/launch.ts';
import { nginxLaunch } from '../parts/nginx/launch.ts';
import { varnishLaunch } from '../parts/varnish/launch.ts';
import { probePage } from '../supervisor/probes.ts';
import { freePorts } from '../testing/free-ports.ts';
import { SpawnedPart } from '../testing/spawned-part.ts';
import { describeEdgeContract, type EdgeUnderTest } from './edge-contract.ts';

const { VARNISHD, NGINX } = process.env;
const at = (port: number) => ({ host: '127.0.0.1', port });

if (VARNISHD === undefined) describe.skip('edge contract: Varnish', () => test('needs VARNISHD'));
else
  describeEdgeContract('Varnish', (origin) =>
    started({ age: true, purge: true, staleOn500: true }, (folder, port) =>
      varnishLaunch(VARNISHD, folder, { listen: at(port), origin, name: 'edge' }),
    ),
  );

if (NGINX === undefined) describe.skip('edge contract: nginx', () => test('needs NGINX'));
else
  describeEdgeContract('nginx', (origin) =>
    started({ age: false, purge: false, staleOn500: false }, (folder, port, second) =>
      nginxLaunch(NGINX, folder, { listen: at(port), status: at(second), origin, name: 'edge' }),
    ),
  );

async function started(
  does: EdgeUnderTest['does'],
  launch: (folder: string, port: number, second: number) => PartLaunch,
): Promise<EdgeUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'edge-contract-'));
  const [port = 0, second = 0] = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  const part = new SpawnedPart(launch(folder, port, second), () => probePage(`${url}/livez`));
  await part.start();
  return {
    url,
    does,
    async stop() {
      await part.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
