/** Where a server listens and, for shards, how it takes part in replication. */
export type Replication =
  | { kind: 'alone' }
  | { kind: 'primary'; standbyName: string }
  | { kind: 'standby'; standbyName: string; primaryPort: number };

/** A slot keeps the WAL a standby has not seen, however long it was gone. */
export const SLOT = 'standby';

/** The arguments of `postgres` for a small server. `fsync` stays on: chaos against a store that forgets tests nothing. */
export function postgresArgs(folder: string, port: number, replication: Replication): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '120',
    shared_buffers: '16MB',
    // The default starts three more processes for each server.
    io_method: 'sync',
    max_parallel_workers: '0',
    max_parallel_workers_per_gather: '0',
    autovacuum_max_workers: '1',
    max_wal_size: '128MB',
    wal_sender_timeout: '10s',
    wal_receiver_timeout: '10s',
    wal_retrieve_retry_interval: '200ms',
    log_checkpoints: 'off',
    ...replicationSettings(replication),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', folder, '-p', String(port), ...options];
}

function replicationSettings(replication: Replication): Record<string, string> {
  switch (replication.kind) {
    case 'alone':
      return { wal_level: 'minimal', max_wal_senders: '0' };
    case 'primary':
      // The name differs from shard to shard: no other standby can ever vouch for this one's commits.
      return { synchronous_standby_names: `"${replication.standbyName}"` };
    case 'standby':
      return {
        primary_conninfo: `host=127.0.0.1 port=${replication.primaryPort} user=postgres application_name=${replication.standbyName}`,
        primary_slot_name: SLOT,
      };
    default:
      return replication satisfies never;
  }
}
