#!/usr/bin/env node
import { flushCompileCache } from 'node:module';
import type { Role } from './service/role.ts';

const [command = '', ...argv] = process.argv.slice(2);
const roles: Record<string, () => Promise<Role>> = {
  edge: async () => (await import('./roles/edge/edge.ts')).edge,
  lb: async () => (await import('./roles/lb/lb.ts')).lb,
  gateway: async () => (await import('./roles/gateway/gateway.ts')).gateway,
  orders: async () => (await import('./roles/orders/orders.ts')).orders,
  catalog: async () => (await import('./roles/catalog/catalog.ts')).catalog,
  relay: async () => (await import('./roles/relay/relay.ts')).relay,
  broker: async () => (await import('./roles/broker/broker.ts')).broker,
  worker: async () => (await import('./roles/worker/worker.ts')).worker,
  cache: async () => (await import('./roles/cache/cache.ts')).cache,
  exporter: async () => (await import('./roles/exporter/exporter.ts')).exporter,
};

const loadRole = roles[command];
if (command === 'up') await supervise();
else if (command === 'seed') await seed();
else if (loadRole !== undefined) await runRole(loadRole);
else {
  const known = ['up', 'seed', ...Object.keys(roles)].join(', ');
  process.stderr.write(`expected one of ${known}; got "${command}"\n`);
  process.exitCode = 2;
}

/** The whole target: every other command as a process of its own. */
async function supervise(): Promise<void> {
  const { up } = await import('./supervisor/up.ts');
  process.exitCode = await up(argv, (event) => process.stdout.write(`${JSON.stringify(event)}\n`));
}

/** Tables and products, for databases that this program has not started. */
async function seed(): Promise<void> {
  const { seedCommand } = await import('./supervisor/seed-command.ts');
  await seedCommand(argv);
}

/** One node. It ends with whoever started it: a node left behind would hold its port and vouch for nothing. */
async function runRole(load: () => Promise<Role>): Promise<void> {
  process.on('disconnect', () => process.exit(0));
  const { parseFlags } = await import('./flags.ts');
  const role = await load();
  const running = await role.start(parseFlags(command, role.settings, argv));
  process.once('SIGTERM', () => {
    running.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  // Only the supervisor sets it: nobody else is to be able to make a node misbehave.
  const hooksPort = process.env.FAULT_HOOKS_PORT;
  if (hooksPort !== undefined) await (await import('./fault-hooks/server.ts')).serveFaultHooks(Number(hooksPort));
  // For the next process of this kind, which is then up in half the time.
  flushCompileCache();
}
