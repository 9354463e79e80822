import { z } from 'zod';
import { counter, gauge, startDefaultMetrics } from '../../service/metrics.ts';
import { connectDatabase, type Database } from '../../service/postgres.ts';
import { connectQueue } from '../../service/queue/connect-queue.ts';
import { defineRole, listenSettings, shardAddresses } from '../../service/role.ts';
import { createService } from '../../service/service.ts';
import { Outbox, type OutboxMessage } from './outbox.ts';
import { ReplicationGauges } from './replication.ts';

const BATCH = 200;
/** Between two looks at an outbox: longer and longer while nothing is in it. */
const IDLE_MS = 100;
const LONGEST_IDLE_MS = 400;
const BACKLOG_INTERVAL_MS = 1_000;

export const relay = defineRole({
  settings: z.strictObject({ ...listenSettings, shards: shardAddresses, queue: z.url() }),

  async start(settings) {
    startDefaultMetrics([]);
    const published = counter('outbox_published_total', 'Messages brought to the broker.', ['shard', 'outcome']);
    const pending = gauge('outbox_pending_messages', 'Messages not yet brought to the broker.', ['shard']);
    const oldest = gauge('outbox_oldest_age_seconds', 'Age of the oldest of them.', ['shard']);
    const up = gauge('shard_up', '1 while the relay reaches the shard.', ['shard']);
    const replication = new ReplicationGauges();
    const queue = await connectQueue({ url: settings.queue, client: settings.name, service: 'relay' });
    const reached = new Map<string, boolean>();

    const service = createService({
      service: 'relay',
      name: settings.name,
      host: settings.host,
      port: settings.port,
      readiness: () => ({
        ready: [...reached.values()].some((ok) => ok),
        detail: Object.fromEntries([...reached].map(([shard, ok]) => [shard, ok ? 'ok' : 'down'])),
      }),
    });

    const publish = (messages: OutboxMessage[]) => queue.publish(messages);

    const databases = [...settings.shards].map(([shard, dsn]) => {
      const database = connectDatabase({ shard, dsn, maxConnections: 2, maxWaiting: 2 });
      const outbox = new Outbox(database, BATCH);
      reached.set(shard, false);
      // A loop for each shard: one that hangs keeps only itself waiting.
      void relayForEver(shard, outbox);
      void watchBacklog(shard, outbox, database);
      return database;
    });

    async function relayForEver(shard: string, outbox: Outbox): Promise<void> {
      for (let idleMs = IDLE_MS; ; ) {
        let moved = 0;
        try {
          moved = await outbox.relay(publish);
          published.inc({ shard, outcome: 'ok' }, moved);
        } catch (error) {
          published.inc({ shard, outcome: 'error' });
          if (reached.get(shard) === true) service.log.warn({ shard, error: String(error) }, 'relaying failed');
        }
        idleMs = moved > 0 ? IDLE_MS : Math.min(2 * idleMs, LONGEST_IDLE_MS);
        if (moved < BATCH) await new Promise((resolve) => setTimeout(resolve, idleMs));
      }
    }

    async function watchBacklog(shard: string, outbox: Outbox, database: Database): Promise<void> {
      for (;;) {
        try {
          const backlog = await outbox.backlog();
          reached.set(shard, true);
          up.set({ shard }, 1);
          pending.set({ shard }, backlog.pending);
          oldest.set({ shard }, backlog.oldestSec);
          await replication.look(shard, database);
        } catch {
          reached.set(shard, false);
          up.set({ shard }, 0);
          replication.forget(shard);
        }
        const pauseMs = reached.get(shard) === true ? BACKLOG_INTERVAL_MS : IDLE_MS;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }

    await service.listen();
    return {
      async stop() {
        await service.drain(0);
        await Promise.all(databases.map((database) => database.close()));
        await queue.close();
      },
    };
  },
});
