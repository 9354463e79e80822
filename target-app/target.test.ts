import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { connectDatabase, rowsOf } from './service/postgres.ts';
import { identify, type ProcessIdentity } from './supervisor/process-identity.ts';
import { SpawnedTarget } from './testing/spawned-target.ts';
import type { Topology } from './topology.ts';

const orderSchema = z.object({ orderId: z.uuid(), jobId: z.uuid(), shard: z.string(), totalCents: z.int() });
const productSchema = z.object({ id: z.int() });
const homeSchema = z.object({ products: z.array(productSchema), assets: z.array(z.string()) });
const statusSchema = z.object({ nodes: z.array(z.object({ name: z.string(), state: z.string() })) });
const holdSchema = z.object({ held: z.boolean() });
const problemsSchema = z.object({ problems: z.array(z.string()) });
const messageSchema = z.object({ message: z.string() });
const jobSchema = z.object({ state: z.string().optional() });

describe('the reference target', { timeout: 60_000 }, () => {
  let dir: string;
  let target: SpawnedTarget;
  let topology: Topology;
  let control: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'target-test-'));
    await chmod(dir, 0o755);
    target = new SpawnedTarget(join(dir, 'target'));
    const ready = await target.ready();
    control = ready.control;
    process.stderr.write(`the target was ready after ${ready.tookMs} ms\n`);
    topology = await target.topology();
  }, 90_000);

  afterAll(async () => {
    target.signal('SIGTERM');
    await target.exited;
    await rm(dir, { recursive: true, force: true });
  });

  const get = (path: string) => fetch(`${topology.entry}${path}`);

  /** `items` differ in quantity only. */
  const post = (userId: string, key: string, quantity = 1) => {
    return fetch(`${topology.entry}/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ userId, items: [{ productId: 7, quantity }] }),
    });
  };

  const sql = async (store: string, text: string, values: unknown[] = []) => {
    const found = topology.stores.find((one) => one.name === store);
    if (found === undefined) throw new Error(`the topology has no store ${store}`);
    const database = connectDatabase({ shard: store, dsn: found.dsn, maxConnections: 1, maxWaiting: 1 });
    try {
      return rowsOf(await database.query({ name: 'test', text, values }, 10_000));
    } finally {
      await database.close();
    }
  };

  const toxiproxy = async (method: string, link: string, rest: string, body?: unknown) => {
    const api = topology.links.find((one) => one.name === link)?.toxiproxy.api;
    const response = await fetch(`${api}/proxies/${encodeURIComponent(link)}${rest}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${link}${rest}: ${response.status} ${await response.text()}`);
  };

  test('tells what it is made of', async () => {
    expect(topology.nodes.map((node) => node.name).sort()).toEqual(
      [
        'broker',
        'cache',
        'catalog',
        'core-db',
        'edge',
        'fault-proxy',
        'gateway-1',
        'gateway-2',
        'lb',
        'orders',
        'relay',
        'shard-eu-0',
        'shard-eu-0-standby',
        'shard-us-0',
        'shard-us-0-standby',
        'worker-1',
      ].sort(),
    );
    expect(topology.links).toHaveLength(21);
    expect(topology.stores.map(({ name, holds }) => `${name}: ${holds}`)).toEqual([
      'shard-eu-0: orders',
      'shard-us-0: orders',
      'shard-eu-0-standby: replica',
      'shard-us-0-standby: replica',
      'queue: queue',
      'catalog: catalog',
      'cache: cache',
    ]);
    const { nodes } = statusSchema.parse(await (await fetch(`${control}/status`)).json());
    const states = nodes.map((node) => node.state);
    expect(states).toEqual(topology.nodes.map(() => 'ready'));
  });

  test('asks nobody for a job over gateway->broker unless a user does', async () => {
    const proxy = topology.scrapes.find((scrape) => scrape.job === 'fault-proxy');
    const metrics = await (await fetch(proxy?.url ?? '')).text();
    const sent = (link: string) => {
      const lines = metrics
        .split('\n')
        .filter((line) => line.includes(`proxy="${link}"`) && line.includes('_bytes_total'));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    };
    expect(sent('edge->lb')).toBeGreaterThan(0);
    expect(sent('gateway-1->broker') + sent('gateway-2->broker')).toBe(0);
  });

  test('has every scrape it names, with its own metrics', async () => {
    await get('/');
    await post('eu-metrics', randomUUID());
    const texts = new Map<string, string>();
    for (const { job, url } of topology.scrapes) {
      const response = await fetch(url);
      expect([job, response.status]).toEqual([job, 200]);
      texts.set(job, await response.text());
    }
    expect(texts.get('edge')).toContain('edge_requests_total{pop="edge",cache_status="hit"}');
    expect(texts.get('lb')).toContain('lb_backend_up{backend="gateway",server="gateway-1"} 1');
    expect(texts.get('gateway')).toContain('http_server_request_duration_seconds_bucket{le="0.75",service="gateway"');
    expect(texts.get('orders')).toContain('orders_accepted_total{shard="eu-0"}');
    expect(texts.get('orders')).toContain('op="place_order"');
    expect(texts.get('catalog')).toContain('cache_requests_total{cache="catalog"');
    expect(texts.get('relay')).toContain('outbox_pending_messages{shard="us-0"}');
    expect(texts.get('broker')).toContain('queue_messages{queue="jobs",state="dead"} 0');
    expect(texts.get('worker')).toContain('worker_jobs_total{kind="order-placed"');
    expect(texts.get('cache')).toContain('cache_requests_total{cache="cache",result="miss"}');
  });

  test('serves the catalog, with the edge answering the second time', async () => {
    const path = '/v1/products?page=3';
    const first = await get(path);
    expect(first.status).toBe(200);
    const page = z.object({ products: z.array(productSchema) }).parse(await first.json());
    expect(page.products.map((product) => product.id).slice(0, 2)).toEqual([41, 42]);
    const second = await get(path);
    expect(second.headers.get('cache-status')).toMatch(/^edge; hit; ttl=/);
    expect(second.headers.get('age')).toBe('0');
    expect(second.headers.get('content-type')).toContain('application/json');
    const known = await fetch(`${topology.entry}${path}`, {
      headers: { 'if-none-match': second.headers.get('etag') ?? '' },
    });
    expect(known.status).toBe(304);
    expect(await (await get('/v1/products/5')).json()).toMatchObject({ id: 5 });
    expect((await get('/v1/products/5000')).status).toBe(404);
    expect((await get('/v1/products?page=51')).status).toBe(400);
    expect((await get('/nothing')).status).toBe(404);
  });

  test('serves static files from the edge after the first time', async () => {
    const home = homeSchema.parse(await (await get('/')).json());
    for (const path of home.assets) {
      const [first, second] = [await get(path), await get(path)];
      expect(second.headers.get('cache-status')).toContain('edge; hit');
      expect(second.headers.get('cache-control')).toContain('immutable');
      expect(Buffer.from(await second.arrayBuffer())).toEqual(Buffer.from(await first.arrayBuffer()));
    }
  });

  test('stores an order once, on the shard of its region, and does its job', async () => {
    const key = randomUUID();
    const response = await post('eu-alice', key, 3);
    expect(response.status).toBe(201);
    expect(response.headers.get('x-shard')).toBe('eu-0');
    expect(response.headers.get('x-epoch')).toBe('1');
    const order = orderSchema.parse(await response.json());

    const rows = await sql('shard-eu-0', 'SELECT order_id, total_cents::int AS total FROM orders WHERE op_id = $1', [
      key,
    ]);
    expect(rows).toEqual([{ order_id: order.orderId, total: order.totalCents }]);
    expect(await sql('shard-us-0', 'SELECT 1 FROM orders WHERE op_id = $1', [key])).toEqual([]);
    expect(await sql('shard-eu-0', 'SELECT sync_state FROM pg_stat_replication')).toEqual([{ sync_state: 'sync' }]);

    const read = await get(`/v1/orders/${order.orderId}?userId=eu-alice`);
    expect(await read.json()).toMatchObject({ orderId: order.orderId, totalCents: order.totalCents });
    expect((await get(`/v1/orders/${order.orderId}?userId=eu-bob`)).status).toBe(404);

    await expect.poll(() => jobState(order.jobId), { timeout: 15_000 }).toBe('done');
    expect(await sql('queue', 'SELECT worker FROM deliveries WHERE msg_id = $1', [order.jobId])).toEqual([
      { worker: 'worker-1' },
    ]);
  });

  const jobState = async (jobId: string) => jobSchema.parse(await (await get(`/v1/jobs/${jobId}`)).json()).state;

  test('answers a repeated order with the first answer, and refuses the key for another one', async () => {
    const key = randomUUID();
    const tries = await Promise.all(Array.from({ length: 8 }, () => post('us-carol', key)));
    const bodies = await Promise.all(tries.map((response) => response.text()));
    expect(tries.map((response) => response.status)).toEqual(Array.from({ length: 8 }, () => 201));
    expect(new Set(bodies).size).toBe(1);
    expect(tries.filter((response) => response.headers.get('idempotency-replayed') === 'true')).toHaveLength(7);
    expect((await post('us-carol', key, 2)).status).toBe(422);
    expect(await sql('shard-us-0', 'SELECT count(*)::int AS n FROM orders WHERE op_id = $1', [key])).toEqual([
      { n: 1 },
    ]);
  });

  test('says what is wrong with an order, everything at once', async () => {
    const response = await fetch(`${topology.entry}/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userId: 'x', items: [] }),
    });
    expect(response.status).toBe(400);
    expect(problemsSchema.parse(await response.json()).problems).toHaveLength(3);
    const nowhere = await post('ap-1', randomUUID());
    expect(nowhere.status).toBe(400);
    expect(problemsSchema.parse(await nowhere.json()).problems[0]).toContain('expected a region of eu, us');
  });

  test('refuses a write of an old epoch and takes the new one', async () => {
    await sql('shard-us-0', 'UPDATE shard_meta SET epoch = epoch + 1');
    const statuses: number[] = [];
    const deadlineMs = Date.now() + 10_000;
    while (statuses.at(-1) !== 201 && Date.now() < deadlineMs) {
      statuses.push((await post('us-dave', randomUUID())).status);
    }
    // The regular look at the shard may be the first to notice; a refusal is all a user may ever see of it.
    expect(statuses.slice(0, -1).every((status) => status === 409)).toBe(true);
    expect(statuses.at(-1)).toBe(201);
    expect(await sql('shard-us-0', 'SELECT max(epoch) AS epoch FROM orders')).toEqual([{ epoch: 2 }]);
    // The map is one for all shards.
    await sql('shard-eu-0', 'UPDATE shard_meta SET epoch = 2');
  });

  test('keeps serving while a gateway is held down, and has it back with a new pid', async () => {
    const before = await target.pidOf('gateway-1');
    const hold = `${control}/nodes/gateway-1/hold`;
    const put = () => {
      const body = JSON.stringify({ ttlMs: 60_000 });
      return fetch(hold, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
    };
    expect((await put()).status).toBe(200);
    expect((await put()).status).toBe(200);
    process.kill(before, 'SIGKILL');
    for (let id = 100; id < 150; id++) expect((await get(`/v1/products/${id}`)).status).toBe(200);
    await expect.poll(() => nodeState('gateway-1'), { timeout: 5_000 }).toBe('held');
    expect(holdSchema.parse(await (await fetch(hold)).json()).held).toBe(true);
    // A POST that was half-way is not sent again, so the first may fail; then the balancer knows.
    await expect.poll(async () => (await post('eu-erin', randomUUID())).status, { timeout: 10_000 }).toBe(201);

    expect((await fetch(hold, { method: 'DELETE' })).status).toBe(200);
    expect((await fetch(hold, { method: 'DELETE' })).status).toBe(200);
    await expect.poll(() => nodeState('gateway-1'), { timeout: 20_000 }).toBe('ready');
    expect(await target.pidOf('gateway-1')).not.toBe(before);
    const servers = new Set<string | null>();
    await expect
      .poll(
        async () => {
          servers.add((await post('eu-frank', randomUUID())).headers.get('x-served-by'));
          return servers.has('gateway-1');
        },
        { timeout: 10_000 },
      )
      .toBe(true);
  });

  const nodeState = async (name: string): Promise<string | undefined> => {
    const { nodes } = statusSchema.parse(await (await fetch(`${control}/status`)).json());
    return nodes.find((node) => node.name === name)?.state;
  };

  test('says which nodes there are when asked for another', async () => {
    const response = await fetch(`${control}/nodes/gateway-9/hold`);
    expect(response.status).toBe(404);
    expect(messageSchema.parse(await response.json()).message).toContain('there are');
  });

  test('lets a slow shard slow its own orders only', async () => {
    const link = 'orders->shard-eu-0';
    await toxiproxy('POST', link, '/toxics', { name: 'slow', type: 'latency', attributes: { latency: 800 } });
    const timed = async (userId: string) => {
      const startedAtMs = performance.now();
      expect((await post(userId, randomUUID())).status).toBe(201);
      return performance.now() - startedAtMs;
    };
    const eu: number[] = [];
    const us: number[] = [];
    for (let round = 0; round < 3; round++) {
      const [euMs, usMs] = await Promise.all([timed('eu-grace'), timed('us-grace')]);
      eu.push(euMs);
      us.push(usMs);
    }
    await toxiproxy('DELETE', link, '/toxics/slow');
    expect(Math.min(...eu)).toBeGreaterThan(750);
    expect(us.toSorted((a, b) => a - b)[1]).toBeLessThan(400);
  });

  test('goes on without the cache', async () => {
    await toxiproxy('POST', 'catalog->cache', '', { enabled: false });
    for (let id = 200; id < 210; id++) expect((await get(`/v1/products/${id}`)).status).toBe(200);
    await toxiproxy('POST', 'catalog->cache', '', { enabled: true });
  });

  test('serves what it has when everything behind the edge is gone', async () => {
    await get('/v1/products/300');
    await toxiproxy('POST', 'edge->lb', '', { enabled: false });
    await expect
      .poll(async () => (await get('/v1/products/300')).headers.get('cache-status'), { timeout: 30_000, interval: 500 })
      .toContain('detail=stale');
    expect((await get('/v1/products/300')).status).toBe(200);
    const refused = await post('eu-heidi', randomUUID());
    expect([502, 503]).toContain(refused.status);
    await toxiproxy('POST', 'edge->lb', '', { enabled: true });
    await expect.poll(async () => (await post('eu-heidi', randomUUID())).status, { timeout: 10_000 }).toBe(201);
  });

  test('has every acknowledged order after a shard was killed, and the other shard never noticed', async () => {
    const keys: string[] = [];
    for (let index = 0; index < 20; index++) {
      const key = randomUUID();
      if ((await post('eu-ivan', key)).status === 201) keys.push(key);
    }
    const before = await target.pidOf('shard-eu-0');
    process.kill(before, 'SIGKILL');
    for (let index = 0; index < 10; index++) expect((await post('us-ivan', randomUUID())).status).toBe(201);
    await expect.poll(async () => (await post('eu-ivan', randomUUID())).status, { timeout: 30_000 }).toBe(201);
    expect(await target.pidOf('shard-eu-0')).not.toBe(before);
    const rows = await sql('shard-eu-0', 'SELECT count(*)::int AS n FROM orders WHERE op_id = ANY ($1)', [keys]);
    expect(rows).toEqual([{ n: keys.length }]);
  });

  test('refuses to come up twice in one folder, and says where it is up', async () => {
    const second = new SpawnedTarget(target.dir);
    expect(await second.exited).toBe(4);
    expect(second.progress).toEqual([
      {
        event: 'failed',
        node: 'supervisor',
        message: expect.stringContaining(`is already up in ${target.dir}`),
        log: [],
      },
    ]);
    const [failed] = second.progress;
    expect(failed?.event === 'failed' ? failed.message : '').toContain(topology.entry);
    expect((await get('/')).status).toBe(200);
  });

  test('is reaped by the next one when its supervisor is killed', async () => {
    const old = await identitiesOf(await target.topology());
    expect(old).toHaveLength(16);
    target.signal('SIGKILL');
    await target.exited;
    // The next one brings both deliberate bugs, for the two tests that follow.
    target = new SpawnedTarget(target.dir, ['--mutants', 'ack-before-store,no-idempotency']);
    await target.ready();
    expect(old.filter(stillRuns)).toEqual([]);
    topology = await target.topology();
    expect((await get('/')).status).toBe(200);
  }, 90_000);

  test('with the mutant no-idempotency stores a repeated order again', async () => {
    const key = randomUUID();
    for (let index = 0; index < 12; index++) expect((await post('eu-judy', key)).status).toBe(201);
    await expect.poll(() => storedUnder([key]), { timeout: 10_000 }).toBeGreaterThan(1);
  });

  test('with the mutant ack-before-store loses acknowledged orders', async () => {
    // 1 in 20 is lost: that all of 400 are stored has a probability of 1e-9.
    const keys = Array.from({ length: 400 }, () => randomUUID());
    for (let from = 0; from < keys.length; from += 20) {
      const answers = await Promise.all(keys.slice(from, from + 20).map((key) => post('eu-mallory', key)));
      expect(answers.every((response) => response.status === 201)).toBe(true);
    }
    let stored = -1;
    await expect
      .poll(
        async () => {
          const settled = stored === (await storedUnder(keys));
          stored = await storedUnder(keys);
          return settled;
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe(true);
    expect(stored).toBeGreaterThan(320);
    expect(stored).toBeLessThan(400);
  });

  const storedUnder = async (keys: readonly string[]): Promise<number> => {
    const [row] = await sql('shard-eu-0', 'SELECT count(*)::int AS n FROM orders WHERE op_id = ANY ($1)', [keys]);
    return z.int().parse(row?.n);
  };

  test('leaves nothing running when whoever started it is gone', async () => {
    const all = await identitiesOf(await target.topology());
    target.cutTether();
    expect(await target.exited).toBe(0);
    expect(all.filter(stillRuns)).toEqual([]);
    expect(await readdir(join(target.dir, 'pids'))).toEqual([]);
    expect((await readdir(target.dir)).filter((name) => name.endsWith('.json'))).toEqual([]);
  });

  test('runs from a folder that nobody else may enter', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'target-closed-'));
    target = new SpawnedTarget(join(closed, 'target'));
    await target.ready();
    topology = await target.topology();
    expect((await post('eu-niaj', randomUUID())).status).toBe(201);
    const all = await identitiesOf(topology);
    target.signal('SIGTERM');
    expect(await target.exited).toBe(0);
    expect(all.filter(stillRuns)).toEqual([]);
    await rm(closed, { recursive: true, force: true });
  }, 90_000);
});

test('a target that is asked for the impossible says what is wrong with the command line', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'target-test-'));
  const target = new SpawnedTarget(dir, ['--mutants', 'typo', '--pport', '1']);
  expect(await target.exited).toBe(2);
  const messages = target.progress.map((one) => (one.event === 'failed' ? one.message : one.event));
  expect(messages).toEqual([
    expect.stringContaining('--mutants'),
    'unknown option --pport; known: --dir, --proxy, --port, --tether, --mutants, --with',
  ]);
  await rm(dir, { recursive: true, force: true });
});

test('a target whose port is taken says so and leaves nothing behind', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'target-test-'));
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  const address = squatter.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  const target = new SpawnedTarget(dir, ['--port', String(port)]);
  expect(await target.exited).toBe(4);
  const message = `port ${port} is taken; give another one with --port, or none`;
  expect(target.progress).toEqual([{ event: 'failed', node: 'edge', message, log: [] }]);
  expect((await readdir(dir)).filter((name) => name.endsWith('.json'))).toEqual([]);
  await new Promise((resolve) => squatter.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

async function identitiesOf(topology: Topology): Promise<ProcessIdentity[]> {
  return topology.nodes.map((node) => identify(node.by.pid)).filter((identity) => identity !== undefined);
}

function stillRuns({ pid, started }: ProcessIdentity): boolean {
  return identify(pid)?.started === started;
}
