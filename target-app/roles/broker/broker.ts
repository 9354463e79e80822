import { EventEmitter, once } from 'node:events';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { gauge, startDefaultMetrics } from '../../service/metrics.ts';
import { connectDatabase, SqlError } from '../../service/postgres.ts';
import { DEFAULT_QUEUE, MAX_ATTEMPTS } from '../../service/queue/queue.ts';
import { publishConfirms, redeliveries } from '../../service/queue/queue-metrics.ts';
import { drawRepeated } from '../../service/repeated-delivery.ts';
import { defineRole, listenSettings } from '../../service/role.ts';
import { createService } from '../../service/service.ts';
import { nowMs } from '../../service/wall-clock.ts';
import { JobStore, leaseSchema, messageSchema } from './job-store.ts';

const publishSchema = z.strictObject({ messages: z.array(messageSchema).min(1).max(1_000) });
const askSchema = z.strictObject({
  worker: z.string().min(1),
  max: z.int().min(1).max(1_000),
  leaseMs: z.int().min(100).max(600_000),
  waitMs: z.int().min(0).max(1_000),
});
const endSchema = z.strictObject({ leases: z.array(leaseSchema).min(1).max(1_000) });

/** A waiting worker looks again this often by itself, for leases that end and jobs whose time comes. */
const LOOK_AGAIN_MS = 200;

export const broker = defineRole({
  settings: z.strictObject({
    ...listenSettings,
    database: z.url(),
    maxAttempts: z.coerce.number().int().min(1).default(MAX_ATTEMPTS),
  }),

  async start(settings) {
    startDefaultMetrics([]);
    const queue = DEFAULT_QUEUE;
    const messages = gauge('queue_messages', 'Jobs that are not done.', ['queue', 'state']);
    const oldest = gauge('queue_oldest_message_age_seconds', 'Age of the oldest job that is not done.', ['queue']);

    const database = connectDatabase({ shard: 'queue', dsn: settings.database, maxConnections: 16, maxWaiting: 256 });
    const jobs = new JobStore(database, settings.maxAttempts);
    const arrivals = new EventEmitter().setMaxListeners(0);
    let storeAnswers = false;

    const service = createService({
      service: 'broker',
      name: settings.name,
      host: settings.host,
      port: settings.port,
      bodyLimitBytes: 8 * 1_048_576,
      readiness: () => ({ ready: storeAnswers }),
    });
    const { app } = service;
    app.setErrorHandler((error, _request, reply) => {
      if (error instanceof z.ZodError) {
        const problems = error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
        return reply.code(400).send({ error: 'invalid-request', problems });
      }
      if (error instanceof SqlError) return unavailable(reply, error);
      throw error;
    });

    app.post('/messages', async (request, reply) => {
      const { messages: batch } = publishSchema.parse(request.body);
      try {
        await jobs.publish(batch);
      } catch (error) {
        publishConfirms.inc({ queue, outcome: 'error' }, batch.length);
        throw error;
      }
      publishConfirms.inc({ queue, outcome: 'ok' }, batch.length);
      arrivals.emit('message');
      return reply.send({ confirmed: batch.length });
    });

    app.post('/lease', async (request) => {
      const { worker, max, leaseMs, waitMs } = askSchema.parse(request.body);
      const untilMs = nowMs() + waitMs;
      for (;;) {
        const leased = await jobs.lease(worker, max, leaseMs);
        const again = leased.filter((job) => job.attempts > 1).length;
        if (again > 0) redeliveries.inc({ queue }, again);
        const leftMs = untilMs - nowMs();
        if (leased.length > 0 || leftMs <= 0) return { jobs: leased };
        const signal = AbortSignal.timeout(Math.min(leftMs, LOOK_AGAIN_MS));
        await once(arrivals, 'message', { signal }).catch(() => {});
      }
    });

    app.post('/ack', async (request) => {
      const { leases } = endSchema.parse(request.body);
      const again = new Set(drawRepeated(leases));
      const once = leases.filter((lease) => !again.has(lease));
      const acked = [
        ...(once.length === 0 ? [] : await jobs.ack(once)),
        ...(again.size === 0 ? [] : await jobs.ackAndRepeat([...again])),
      ];
      return { acked };
    });
    app.post('/nack', async (request) => ({ nacked: await jobs.nack(endSchema.parse(request.body).leases) }));

    app.get<{ Params: { id: string } }>('/jobs/:id', async (request, reply) => {
      const id = request.params.id;
      if (!z.uuid().safeParse(id).success) {
        return reply.code(400).send({ error: 'invalid-query', problems: [`job id: expected a UUID, got "${id}"`] });
      }
      const job = await jobs.find(id);
      // An accepted order's job is in the outbox of its shard until the relay has brought it here.
      if (job === undefined) return reply.code(404).send({ error: 'not-found', message: `no job ${id} here (yet)` });
      return reply.send({ jobId: id, state: job.state, attempts: job.attempts });
    });

    const watch = async () => {
      for (;;) {
        try {
          const depth = await jobs.depth();
          storeAnswers = true;
          messages.set({ queue, state: 'ready' }, depth.queued);
          messages.set({ queue, state: 'unacked' }, depth.running);
          messages.set({ queue, state: 'dead' }, depth.dead);
          oldest.set({ queue }, depth.oldestSec);
        } catch {
          storeAnswers = false;
        }
        await new Promise((resolve) => setTimeout(resolve, storeAnswers ? 1_000 : 100));
      }
    };
    void watch();
    await service.listen();
    return {
      async stop() {
        await service.drain(0);
        await database.close();
      },
    };
  },
});

function unavailable(reply: FastifyReply, error: SqlError): FastifyReply {
  if (error.result.kind === 'unsent') reply.header('X-Outcome', 'rejected');
  const code = error.result.kind === 'timeout' ? 504 : 503;
  return reply.code(code).send({ error: 'store-unavailable', message: error.message });
}
