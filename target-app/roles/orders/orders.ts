import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { deadlineMsOf } from '../../service/deadline.ts';
import { counter, gauge, startDefaultMetrics } from '../../service/metrics.ts';
import { connectDatabase, type SqlResult } from '../../service/postgres.ts';
import { defineRole, listenSettings, shardAddresses } from '../../service/role.ts';
import { createService } from '../../service/service.ts';
import { mutantsSetting } from './mutants.ts';
import { fingerprint, parseOrder, priceItems } from './order-request.ts';
import { makeShardMap, routeUser } from './shard-map.ts';
import { type NewOrder, ShardStore } from './shard-store.ts';

const MAX_CONNECTIONS_PER_SHARD = 64;
const MAX_WAITING_PER_SHARD = 128;
const HEALTH_INTERVAL_MS = 1_000;

interface Shard {
  store: ShardStore;
  /** Whether the last look found it answering. For a person at /readyz; requests try it all the same. */
  healthy: boolean;
}

export const orders = defineRole({
  settings: z.strictObject({ ...listenSettings, shards: shardAddresses, mutants: mutantsSetting }),

  async start(settings) {
    startDefaultMetrics(settings.mutants);
    const accepted = counter('orders_accepted_total', 'Orders answered with 201 and stored for the first time.', [
      'shard',
    ]);
    const replays = counter('idempotency_replays_total', 'Orders that came again with a known key.', ['outcome']);
    const staleEpochs = counter('shard_map_stale_requests_total', 'Writes refused for an outdated shard map.', []);
    const epochGauge = gauge('shard_epoch', 'Epoch of the shard map in use.', ['shard']);

    const shards = new Map<string, Shard>();
    for (const [name, dsn] of settings.shards) {
      // A pool for each shard: one that is slow fills its own and no other.
      const database = connectDatabase({
        shard: name,
        dsn,
        maxConnections: MAX_CONNECTIONS_PER_SHARD,
        maxWaiting: MAX_WAITING_PER_SHARD,
      });
      shards.set(name, { store: new ShardStore(database), healthy: false });
      accepted.inc({ shard: name }, 0);
    }
    for (const outcome of ['replayed', 'mismatch']) replays.inc({ outcome }, 0);
    let map = makeShardMap([...shards.keys()], 1);

    const service = createService({
      service: 'orders',
      name: settings.name,
      host: settings.host,
      port: settings.port,
      readiness: () => ({
        // One shard that works is enough: the users of the others must not pay for a broken one.
        ready: [...shards.values()].some((shard) => shard.healthy),
        detail: Object.fromEntries([...shards].map(([name, shard]) => [name, shard.healthy ? 'ok' : 'down'])),
      }),
    });

    const check = async (name: string, shard: Shard) => {
      const result = await shard.store.epoch(2_000);
      shard.healthy = result.kind === 'rows';
      const row = result.kind === 'rows' ? result.rows[0] : undefined;
      if (row === undefined) return;
      epochGauge.set({ shard: name }, row.epoch);
      // An epoch never goes back; a shard that restarts with an old one is the one that is wrong.
      if (row.epoch > map.epoch) map = { ...map, epoch: row.epoch };
    };
    const watch = async (name: string, shard: Shard) => {
      for (;;) {
        await check(name, shard);
        const pauseMs = shard.healthy ? HEALTH_INTERVAL_MS : HEALTH_INTERVAL_MS / 10;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    for (const [name, shard] of shards) void watch(name, shard);

    service.app.post('/v1/orders', async (request, reply) => {
      const parsed = parseOrder(request.body, request.headers['idempotency-key']);
      if (parsed.kind === 'invalid') {
        return reply.code(400).send({ error: 'invalid-order', problems: parsed.problems });
      }
      const { order } = parsed;
      const key = String(request.headers['idempotency-key']);
      const route = routeUser(map, order.userId);
      const shard = route.kind === 'shard' ? shards.get(route.shard) : undefined;
      if (route.kind === 'unknown-region' || shard === undefined) {
        return reply
          .code(400)
          .send({ error: 'unknown-region', problems: [unknownRegion(order.userId, [...map.regions.keys()])] });
      }
      const { items, totalCents } = priceItems(order);
      const orderId = randomUUID();
      const msgId = randomUUID();
      const response = JSON.stringify({ orderId, jobId: msgId, shard: route.shard, totalCents });
      const newOrder: NewOrder = {
        epoch: map.epoch,
        userId: order.userId,
        key: settings.mutants.includes('no-idempotency') ? randomUUID() : key,
        fingerprint: fingerprint(order),
        opId: key,
        orderId,
        msgId,
        totalCents,
        itemsJson: JSON.stringify(items),
        response,
      };
      const deadlineMs = deadlineMsOf(request.headers);
      reply.header('X-Shard', route.shard).header('X-Epoch', String(map.epoch));

      if (settings.mutants.includes('ack-before-store')) {
        if (Math.random() >= 1 / 20) void shard.store.place(newOrder, deadlineMs);
        accepted.inc({ shard: route.shard });
        return reply.code(201).type('application/json').send(response);
      }

      const result = await shard.store.place(newOrder, deadlineMs);
      if (result.kind !== 'rows') return refuse(reply, result);
      const [row] = result.rows;
      if (row === undefined) throw new Error(`place_order on ${route.shard} returned no row`);
      switch (row.outcome) {
        case 'stored':
          accepted.inc({ shard: route.shard });
          return reply.code(201).type('application/json').send(response);
        case 'replayed':
          replays.inc({ outcome: 'replayed' });
          reply.header('Idempotency-Replayed', 'true');
          return reply.code(row.status).type('application/json').send(row.response);
        case 'mismatch':
          replays.inc({ outcome: 'mismatch' });
          return reply.code(422).send({
            error: 'idempotency-mismatch',
            message: 'this Idempotency-Key was used for another order; use a new key for a new order',
          });
        case 'stale-epoch':
          staleEpochs.inc();
          await check(route.shard, shard);
          return reply.code(409).send({
            error: 'stale-epoch',
            message: `shard ${route.shard} has left epoch ${newOrder.epoch}; nothing was stored, try again`,
          });
        default:
          return row.outcome satisfies never;
      }
    });

    service.app.get<{ Params: { id: string }; Querystring: { userId?: string } }>(
      '/v1/orders/:id',
      async (request, reply) => {
        const userId = request.query.userId ?? '';
        const route = routeUser(map, userId);
        const shard = route.kind === 'shard' ? shards.get(route.shard) : undefined;
        const problems: string[] = [];
        if (route.kind === 'unknown-region' || shard === undefined) {
          problems.push(unknownRegion(userId, [...map.regions.keys()]));
        }
        if (!z.uuid().safeParse(request.params.id).success)
          problems.push(`order id: expected a UUID, got "${request.params.id}"`);
        if (problems.length > 0 || shard === undefined)
          return reply.code(400).send({ error: 'invalid-query', problems });
        const result = await shard.store.find(userId, request.params.id, deadlineMsOf(request.headers));
        if (result.kind !== 'rows') return refuse(reply, result);
        const [row] = result.rows;
        if (row === undefined) {
          return reply.code(404).send({ error: 'not-found', message: `${userId} has no order ${request.params.id}` });
        }
        return reply.send({
          orderId: row.order_id,
          userId: row.user_id,
          totalCents: Number(row.total_cents),
          createdAt: row.created_at.toISOString(),
        });
      },
    );

    await service.listen();
    return {
      async stop() {
        await service.drain(0);
        await Promise.all([...shards.values()].map((shard) => shard.store.close()));
      },
    };
  },
});

/** 503 with `X-Outcome: rejected` promises that nothing was stored; 500 and 504 promise nothing. */
function refuse(reply: FastifyReply, result: Exclude<SqlResult<never>, { kind: 'rows' }>): FastifyReply {
  switch (result.kind) {
    case 'unsent':
      reply.header('X-Outcome', 'rejected').header('Retry-After', '1');
      return reply.code(503).send({ error: result.reason, message: result.error.message });
    case 'failed':
      return reply.code(500).send({ error: 'shard-failed', message: result.error.message });
    case 'timeout':
      if (!result.sent) reply.header('X-Outcome', 'rejected').header('Retry-After', '1');
      return reply
        .code(result.sent ? 504 : 503)
        .send({ error: 'shard-timeout', message: 'the shard did not answer before the deadline' });
    default:
      return result satisfies never;
  }
}

function unknownRegion(userId: string, known: readonly string[]): string {
  return `userId: expected a region of ${known.join(', ')} before the first dash, got "${userId}"`;
}
