import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { describe, test } from 'vitest';
import { rabbitmqLaunch } from '../parts/rabbitmq/launch.ts';
import { connectQueue } from '../service/queue/connect-queue.ts';
import { httpGet } from '../supervisor/probes.ts';
import { freePorts } from '../testing/free-ports.ts';
import { SpawnedPart } from '../testing/spawned-part.ts';
import { describeQueueContract, type QueueUnderTest } from './queue-contract.ts';

const { RABBITMQ_SERVER } = process.env;
const MAX_ATTEMPTS = 3;

if (RABBITMQ_SERVER === undefined) describe.skip('queue contract: RabbitMQ', () => test('needs RABBITMQ_SERVER'));
else describeQueueContract('RabbitMQ', () => startRabbitmq(RABBITMQ_SERVER));

async function startRabbitmq(binary: string): Promise<QueueUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'rabbitmq-contract-'));
  const [port = 0, metricsPort = 0, epmdPort = 0, distributionPort = 0] = await freePorts(4);
  const metrics = `http://127.0.0.1:${metricsPort}/metrics`;
  const part = new SpawnedPart(
    rabbitmqLaunch(binary, folder, {
      listen: { host: '127.0.0.1', port },
      metrics: { host: '127.0.0.1', port: metricsPort },
      user: 'shop',
      password: 'shop',
      epmdPort,
      distributionPort,
    }),
    () => httpGet(metrics),
  );
  await part.start();
  const url = `amqp://shop:shop@127.0.0.1:${port}/`;
  return {
    maxAttempts: MAX_ATTEMPTS,
    connect: (queue, client) => connectQueue({ url, client, service: 'test', queue, maxAttempts: MAX_ATTEMPTS }),
    kill: () => part.kill(),
    revive: () => part.start(),
    dead: (queue) => idsIn(url, `${queue}.dead`),
    async stop() {
      await part.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Looks without taking anything away: what is not acknowledged goes back when the connection ends. */
async function idsIn(url: string, queue: string): Promise<string[]> {
  const connection = await connect(url);
  try {
    const channel = await connection.createChannel();
    const ids: string[] = [];
    for (let message = await channel.get(queue); message !== false; message = await channel.get(queue)) {
      ids.push(String(message.properties.messageId));
    }
    return ids;
  } finally {
    await connection.close();
  }
}
