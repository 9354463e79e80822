import type { Address } from '../address.ts';

export interface RabbitmqOptions {
  listen: Address;
  /** Where Prometheus finds `/metrics`. */
  metrics: Address;
  user: string;
  password: string;
}

/** `rabbitmq.conf` for the queue of the shop. */
export function rabbitmqConfig({ listen, metrics, user, password }: RabbitmqOptions): string {
  return `# Made by target-app/parts/rabbitmq/config.ts
listeners.tcp.1 = ${listen.host}:${listen.port}
default_user = ${user}
default_pass = ${password}
loopback_users = none
# A client that is gone without a word, frozen or cut off, is noticed within two of these, and its jobs go to others.
heartbeat = 5
log.console = true
log.console.level = warning
log.file = false
# A small machine: neither alarm may stop the queue before the machine itself is in trouble.
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 64MB
raft.wal_max_size_bytes = 33554432
# Scrapes come every second or two; figures older than that would hide a short fault.
collect_statistics_interval = 1000
prometheus.tcp.ip = ${metrics.host}
prometheus.tcp.port = ${metrics.port}
prometheus.return_per_object_metrics = true
`;
}

/** The file `enabled_plugins`: an Erlang term. */
export const RABBITMQ_PLUGINS = '[rabbitmq_prometheus].\n';
