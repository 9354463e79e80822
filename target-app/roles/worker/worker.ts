import { z } from 'zod';
import { counter, durationHistogram, startDefaultMetrics } from '../../service/metrics.ts';
import { connectDatabase, rowsOf, SqlError } from '../../service/postgres.ts';
import { connectQueue } from '../../service/queue/connect-queue.ts';
import type { QueueDelivery } from '../../service/queue/queue.ts';
import { defineRole, listenSettings } from '../../service/role.ts';
import { createService } from '../../service/service.ts';

const BATCH = 100;
const WAIT_MS = 1_000;
const EFFECT_DEADLINE_MS = 4_000;
const PAUSE_AFTER_FAILURE_MS = 200;

export const worker = defineRole({
  settings: z.strictObject({ ...listenSettings, queue: z.url(), database: z.url() }),

  async start(settings) {
    startDefaultMetrics([]);
    const kind = 'order-placed';
    const done = counter('worker_jobs_total', 'Jobs worked on.', ['kind', 'outcome']);
    const duration = durationHistogram('worker_job_duration_seconds', 'Time for a batch of jobs.', ['kind']);
    const suppressed = counter('worker_duplicates_suppressed_total', 'Jobs that had been done before.', ['kind']);
    const queue = await connectQueue({
      url: settings.queue,
      client: settings.name,
      service: 'worker',
      prefetch: BATCH,
    });
    const database = connectDatabase({ shard: 'queue', dsn: settings.database, maxConnections: 4, maxWaiting: 8 });
    // A series that exists from the start makes the first increase visible to rate().
    for (const outcome of ['ok', 'error', 'lease-lost']) done.inc({ kind, outcome }, 0);
    let leasing = false;
    let stopping = false;

    const service = createService({
      service: 'worker',
      name: settings.name,
      host: settings.host,
      port: settings.port,
      readiness: () => ({ ready: leasing }),
    });

    // Where the queue forgets a job once it is done, its effect is what is left to tell of it.
    service.app.get<{ Params: { id: string } }>('/jobs/:id', async (request, reply) => {
      const id = request.params.id;
      if (!z.uuid().safeParse(id).success) {
        return reply.code(400).send({ error: 'invalid-query', problems: [`job id: expected a UUID, got "${id}"`] });
      }
      const statement = { name: 'find_effect', text: 'SELECT 1 FROM inbox WHERE msg_id = $1', values: [id] };
      const found = await database.query(statement, EFFECT_DEADLINE_MS);
      if (found.kind !== 'rows') {
        return reply.code(503).send({ error: 'store-unavailable', message: new SqlError(found).message });
      }
      if (found.rows.length > 0) return reply.send({ jobId: id, state: 'done' });
      return reply.code(404).send({ error: 'not-found', message: `no job ${id} here (yet)` });
    });

    /** The effect and the note that it happened are one transaction, so a job that comes twice has its effect once. */
    const deliver = async (jobs: readonly QueueDelivery[]): Promise<number> => {
      const statement = {
        name: 'deliver',
        text: `WITH fresh AS (
                 INSERT INTO inbox (consumer, msg_id) SELECT 'deliveries', unnest($1::uuid[])
                 ON CONFLICT DO NOTHING RETURNING msg_id
               )
               INSERT INTO deliveries (msg_id, worker) SELECT msg_id, $2 FROM fresh RETURNING msg_id`,
        values: [jobs.map((job) => job.msgId), settings.name],
      };
      return rowsOf(await database.query(statement, EFFECT_DEADLINE_MS)).length;
    };

    const workOnce = async () => {
      const jobs = await queue.lease({ max: BATCH, waitMs: WAIT_MS });
      leasing = true;
      if (jobs.length === 0) return;
      const startedAtMs = performance.now();
      let delivered: number;
      try {
        delivered = await deliver(jobs);
      } catch (error) {
        done.inc({ kind, outcome: 'error' }, jobs.length);
        await queue.nack(jobs);
        throw error;
      }
      suppressed.inc({ kind }, jobs.length - delivered);
      const acked = await queue.ack(jobs);
      done.inc({ kind, outcome: 'ok' }, acked.length);
      done.inc({ kind, outcome: 'lease-lost' }, jobs.length - acked.length);
      duration.observe({ kind }, (performance.now() - startedAtMs) / 1000);
    };

    const workForEver = async () => {
      while (!stopping) {
        try {
          await workOnce();
        } catch (error) {
          if (leasing) service.log.warn({ error: String(error) }, 'working failed');
          leasing = false;
          await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_FAILURE_MS));
        }
      }
    };
    const working = workForEver();
    await service.listen();
    return {
      async stop() {
        stopping = true;
        await service.drain(0);
        await working;
        await database.close();
        await queue.close();
      },
    };
  },
});
