import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { startRig, until } from './toxiproxy/test-rig.ts';
import {
  addToxic,
  hasLeases,
  proxyState,
  removeToxic,
  renewDisabled,
  renewToxic,
  setEnabled,
} from './toxiproxy-client.ts';

const soon = () => AbortSignal.timeout(5_000);
const slow = { name: 'slow', type: 'latency', stream: 'downstream', attributes: { latency: 10, jitter: 0 } } as const;

it('holds a toxic by a lease, and hears when it is gone', async () => {
  await using rig = await startRig();
  expect(await hasLeases(rig.url, soon())).toBe(true);
  expect(await addToxic(rig.url, 'p', { ...slow, ttlMs: 1_000 }, soon())).toEqual({ leased: true });
  expect(await renewToxic(rig.url, 'p', 'slow', 300, soon())).toBe('renewed');
  await until('the lease has ended', async () => (await proxyState(rig.url, 'p', soon()))?.toxics.length === 0);
  expect(await renewToxic(rig.url, 'p', 'slow', 300, soon())).toBe('gone');
  expect(await addToxic(rig.url, 'p', slow, soon())).toEqual({ leased: false });
  await removeToxic(rig.url, 'p', 'slow', soon());
  expect((await proxyState(rig.url, 'p', soon()))?.toxics).toEqual([]);
});

it('holds a proxy disabled by a lease, and hears when it is enabled again', async () => {
  await using rig = await startRig();
  expect(await setEnabled(rig.url, 'p', false, soon(), { ttlMs: 200 })).toEqual({ leased: true });
  expect(await renewDisabled(rig.url, 'p', 300, soon())).toBe('renewed');
  await until('the proxy is enabled', async () => (await proxyState(rig.url, 'p', soon()))?.enabled === true);
  expect(await renewDisabled(rig.url, 'p', 300, soon())).toBe('gone');
  expect(await setEnabled(rig.url, 'p', false, soon())).toEqual({ leased: false });
  expect(await setEnabled(rig.url, 'p', true, soon(), { ttlMs: 200 })).toEqual({ leased: false });
});

it('knows a server that has no leases, and asks it once', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const api = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`;
  expect(await renewToxic(api, 'p', 'slow', 1000, soon())).toBe('no leases');
  expect(await renewDisabled(api, 'p', 1000, soon())).toBe('no leases');
  expect(asked).toEqual(['GET /extensions']);
  server.closeAllConnections();
  server.close();
});
