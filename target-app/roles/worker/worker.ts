import { z } from 'zod';
import { counter, durationHistogram, startDefaultMetrics } from '../../service/metrics.ts';
import { connectDatabase, rowsOf } from '../../service/postgres.ts';
import { defineRole, listenSettings } from '../../service/role.ts';
import { createService } from '../../service/service.ts';
import { connectUpstream } from '../../service/upstream.ts';

const BATCH = 100;
const LEASE_MS = 10_000;
const WAIT_MS = 1_000;
const EFFECT_DEADLINE_MS = 4_000;
const PAUSE_AFTER_FAILURE_MS = 200;

const leasedSchema = z.object({
  jobs: z.array(z.object({ msgId: z.uuid(), lease: z.uuid(), topic: z.string(), attempts: z.int() })),
});
const ackedSchema = z.object({ acked: z.array(z.uuid()) });

type Job = z.infer<typeof leasedSchema>['jobs'][number];

export const worker = defineRole({
  settings: z.strictObject({ ...listenSettings, broker: z.url(), database: z.url() }),

  async start(settings) {
    startDefaultMetrics([]);
    const kind = 'order-placed';
    const done = counter('worker_jobs_total', 'Jobs worked on.', ['kind', 'outcome']);
    const duration = durationHistogram('worker_job_duration_seconds', 'Time for a batch of jobs.', ['kind']);
    const suppressed = counter('worker_duplicates_suppressed_total', 'Jobs that had been done before.', ['kind']);
    const broker = connectUpstream({ service: 'worker', upstream: 'broker', url: settings.broker, maxConnections: 4 });
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

    const ask = async (path: string, content: unknown): Promise<unknown> => {
      const result = await broker.call({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(content),
        timeoutMs: WAIT_MS + 4_000,
      });
      if (result.kind !== 'answer') throw new Error(`the broker did not answer ${path}: ${result.kind}`);
      if (result.statusCode !== 200) throw new Error(`the broker answered ${path} with ${result.statusCode}`);
      return JSON.parse(result.body.toString());
    };

    /** The effect and the note that it happened are one transaction, so a job that comes twice has its effect once. */
    const deliver = async (jobs: readonly Job[]): Promise<number> => {
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
      const asked = { worker: settings.name, max: BATCH, leaseMs: LEASE_MS, waitMs: WAIT_MS };
      const { jobs } = leasedSchema.parse(await ask('/lease', asked));
      leasing = true;
      if (jobs.length === 0) return;
      const startedAtMs = performance.now();
      const leases = jobs.map(({ msgId, lease }) => ({ msgId, lease }));
      let delivered: number;
      try {
        delivered = await deliver(jobs);
      } catch (error) {
        done.inc({ kind, outcome: 'error' }, jobs.length);
        await ask('/nack', { leases });
        throw error;
      }
      suppressed.inc({ kind }, jobs.length - delivered);
      const { acked } = ackedSchema.parse(await ask('/ack', { leases }));
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
        await broker.close();
      },
    };
  },
});
