import { readdirSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** One end of a TCP connection, as the kernel lists it (Linux: proc(5), /proc/net/tcp). */
export interface TcpEnd {
  localPort: number;
  remotePort: number;
  /** The handshake is done, and nobody has said goodbye. */
  established: boolean;
  /** No connection, but a socket that takes them. */
  listening: boolean;
  /** Sent, and not yet taken by the other end's kernel. */
  unsentBytes: number;
  /** Received, and not yet read by the process. */
  unreadBytes: number;
  /** Of the socket; 0 while no process has accepted it. */
  inode: number;
}

/**
 * Both ends of all connections to a port, as far as they are on this machine, and who listens there; undefined where the
 * system keeps no such list.
 */
export async function tcpTable(port: number): Promise<TcpEnd[] | undefined> {
  const pages = (await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(read))).flat();
  if (pages.length === 0) return undefined;
  // A run under way may have a hundred thousand others.
  const mark = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  const lines = pages.flatMap((page) => page.split('\n')).filter((line) => line.includes(mark));
  return lines.flatMap(endOf).filter((end) => end.localPort === port || end.remotePort === port);
}

/** Inodes of the sockets that a process has open; none when it is gone. */
export function socketsOf(pid: number): Set<number> {
  const inodes = new Set<number>();
  for (const fd of listed(`/proc/${pid}/fd`)) {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(linked(`/proc/${pid}/fd/${fd}`)) ?? [];
    if (inode !== undefined) inodes.add(Number(inode));
  }
  return inodes;
}

function endOf(line: string): TcpEnd[] {
  const [, local, remote, state, queues, , , , , inode] = line.trim().split(/\s+/);
  if (local === undefined || remote === undefined || queues === undefined || inode === undefined) return [];
  const [unsent, unread] = queues.split(':').map((hex) => Number.parseInt(hex, 16));
  return [
    {
      localPort: portOf(local),
      remotePort: portOf(remote),
      established: state === ESTABLISHED,
      listening: state === LISTEN,
      unsentBytes: unsent ?? 0,
      unreadBytes: unread ?? 0,
      inode: Number(inode),
    },
  ];
}

const ESTABLISHED = '01';
const LISTEN = '0A';

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16);
}

async function read(path: string): Promise<string[]> {
  try {
    return [await readFile(path, 'utf8')];
  } catch {
    return [];
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linked(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
