import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { haproxyLaunch } from '../parts/haproxy/launch.ts';
import { probePage } from '../supervisor/probes.ts';
import { freePorts } from '../testing/free-ports.ts';
import { SpawnedPart } from '../testing/spawned-part.ts';
import { describeLbContract } from './lb-contract.ts';

const { HAPROXY } = process.env;

if (HAPROXY === undefined) describe.skip('load balancer contract: HAProxy', () => test('needs HAPROXY'));
else
  describeLbContract('HAProxy', async ({ a, b }) => {
    const folder = await mkdtemp(join(tmpdir(), 'haproxy-contract-'));
    const [port = 0, metrics = 0, runtime = 0] = await freePorts(3);
    const at = (own: number) => ({ host: '127.0.0.1', port: own });
    const launch = haproxyLaunch(HAPROXY, folder, {
      listen: at(port),
      metrics: at(metrics),
      runtime: at(runtime),
      backends: [
        { name: 'a', address: a, check: a },
        { name: 'b', address: b, check: b },
      ],
    });
    const url = `http://127.0.0.1:${port}`;
    const part = new SpawnedPart(launch, () => probePage(`${url}/readyz`));
    await part.start();
    return {
      url,
      async stop() {
        await part.kill();
        await rm(folder, { recursive: true, force: true });
      },
    };
  });
