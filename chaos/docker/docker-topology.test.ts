import { type AddressInfo, connect, createServer } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bindFault } from '../catalogue.ts';
import { topologySchema } from '../topology.ts';
import { dockerTopology } from './docker-topology.ts';
import { soon } from './testing-aim.ts';
import { type FakeEngine, startFakeEngine } from './testing-fake-engine.ts';

let engine: FakeEngine;

beforeEach(async () => {
  engine = await startFakeEngine();
  engine.add('shop_orders_1', { labels: { 'com.docker.compose.service': 'orders', tier: 'web' } });
  engine.add('shop_orders_2', { labels: { 'com.docker.compose.service': 'orders', tier: 'web' } });
  engine.add('shop_cache_1', { labels: { 'com.docker.compose.service': 'cache', tier: 'data' } });
  engine.add('over', { status: 'exited' });
  engine.add('stampede-helper-x', { labels: { 'stampede.fault': 'x' } });
});
afterEach(() => engine.close());

async function aimed(node: string) {
  const bound = bindFault('cpu-limit', { node, cpus: 0.2 });
  const resolved = bound.ok ? bound.fault.resolve(await dockerTopology(soon(), engine.address)) : undefined;
  if (!resolved) throw new Error('the settings are wrong');
  return resolved.ok ? resolved.targets.map(({ target }) => target) : resolved.problem;
}

it('is a topology as any other, of what runs and is not ours', async () => {
  const topology = topologySchema.parse(await dockerTopology(soon(), engine.address));
  expect(topology.nodes.map(({ name }) => name)).toEqual(['shop_orders_1', 'shop_orders_2', 'shop_cache_1']);
});

it('has no entry that a crowd could be sent to, though its engine may answer over HTTP', async () => {
  const herd = bindFault('thundering-herd', { connections: 1 });
  await using overHttp = await forwardedOverHttp(engine.address);
  expect(herd.ok && herd.fault.resolve(await dockerTopology(soon(), overHttp.address))).toEqual({
    ok: false,
    problem: 'nobody has said where users of this system come in; give its topology',
  });
});

it.each([
  ['shop_cache_1', ['shop_cache_1']],
  ['container=shop_orders_2', ['shop_orders_2']],
  ['service=orders', ['shop_orders_1', 'shop_orders_2']],
  ['label=tier=web', ['shop_orders_1', 'shop_orders_2']],
  ['shop_*_1', ['shop_orders_1', 'shop_cache_1']],
  ['label=tier=web,container=shop_orders_1', ['shop_orders_1']],
])('has its containers chosen by %s', async (selector, names) => {
  expect(await aimed(selector)).toEqual(names);
});

it.each([
  ['service=order', "no node has service 'order'. Did you mean orders? There are: orders, cache"],
  ['label=tier=wep', "no node has label 'tier=wep'. Did you mean tier=web?"],
  ['servise=orders', "'servise=orders': no such key 'servise'. Did you mean service?"],
  ['shop_order_1', "no such node 'shop_order_1'. Did you mean shop_orders_1?"],
  ['service=cache,label=tier=web', "no node is all of 'service=cache,label=tier=web'"],
])('says what is wrong with %s', async (selector, problem) => {
  expect(await aimed(selector)).toContain(problem);
});

/** The same engine, as DOCKER_HOST may name it: `http://127.0.0.1:2375`. */
async function forwardedOverHttp(address: string): Promise<AsyncDisposable & { address: string }> {
  const server = createServer((socket) => {
    const to = connect(address.slice('unix://'.length));
    for (const end of [socket, to]) end.on('error', () => {});
    socket.pipe(to).pipe(socket);
    socket.on('close', () => to.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}
