import { join } from 'node:path';
import type { PartLaunch } from '../launch.ts';
import { RABBITMQ_PLUGINS, type RabbitmqOptions, rabbitmqConfig } from './config.ts';

export interface RabbitmqLaunchOptions extends RabbitmqOptions {
  /** Of Erlang's port mapper, a program of its own. */
  epmdPort: number;
  /** Of Erlang's distribution, which a single node has as well. */
  distributionPort: number;
}

/**
 * RabbitMQ over a folder of its own; what is in there is found again at the next start.
 *
 * Left to itself Erlang starts `epmd` as a daemon that belongs to nobody and outlives everything. Started first, and in
 * our folder, it is one of the processes that end with this part.
 */
export function rabbitmqLaunch(binary: string, folder: string, options: RabbitmqLaunchOptions): PartLaunch {
  const { listen, epmdPort, distributionPort } = options;
  return {
    command: 'sh',
    args: ['-c', `epmd -address 127.0.0.1 -port ${epmdPort} & exec "$0"`, binary],
    folder,
    files: { 'rabbitmq.conf': rabbitmqConfig(options), enabled_plugins: RABBITMQ_PLUGINS },
    env: {
      ...process.env,
      HOME: folder,
      RABBITMQ_NODENAME: `shop-${listen.port}@localhost`,
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: String(epmdPort),
      // Schedulers that wait without burning the machine.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}',
      // The script becomes the server instead of watching over it.
      RUNNING_UNDER_SYSTEMD: 'true',
    },
    // An orderly end takes six seconds, and serves only who wants to start it again.
    stopSignal: 'SIGKILL',
  };
}
