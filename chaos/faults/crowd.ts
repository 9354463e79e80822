import { z } from 'zod';
import { addressOf, PATH } from '../antagonist/crowd.ts';
import { spawnAntagonist } from '../antagonist/spawn.ts';
import type { Application, FaultTarget, Proof, Resolved } from '../fault.ts';
import { isOwnAddress } from '../own-address.ts';
import { isAlive, type ProcessMark } from '../process-mark.ts';
import { resolvedTo } from '../resolved-to.ts';
import { selectNodes } from '../select-nodes.ts';
import { socketsOf, type TcpEnd, tcpTable } from '../tcp-table.ts';
import type { Topology } from '../topology.ts';
import { leaseMs } from './lease.ts';

/** What all faults share that are a crowd of our own beside the load. */
export const crowdFields = {
  node: z
    .string()
    .min(1)
    .optional()
    .describe('whom they ask: a node of this machine that takes HTTP; the entry of the target unless told'),
  path: z
    .string()
    .regex(PATH, { error: (issue) => `expected a path such as /v1/products, got ${JSON.stringify(issue.input)}` })
    .max(2_000)
    .describe('what they ask for, with its query: /v1/products?page=1'),
};

export interface CrowdTarget extends FaultTarget {
  url: string;
  /** The entry of the target it belongs to. */
  entry: string;
  crowd?: ProcessMark;
}

/** Whom the crowd asks. A node must be here; the entry is where the run's own load goes, wherever that is. */
export function resolveCrowd(kind: string, node: string | undefined, topology: Topology): Resolved<CrowdTarget> {
  const { entry } = topology;
  const crowdAt = (name: string, url: string) => ({ name, takes: `crowd:${name}/${kind}`, url, entry });
  if (node === undefined) {
    const { protocol } = new URL(entry);
    if (protocol === 'http:') return { ok: true, targets: [crowdAt('entry', entry)] };
    const problem =
      protocol === 'https:'
        ? `the entry is ${entry}, and a crowd speaks plain HTTP only`
        : 'nobody has said where users of this system come in; give its topology';
    return { ok: false, problem };
  }
  const selected = selectNodes(node, topology);
  if (!selected.ok) return selected;
  const targets: CrowdTarget[] = [];
  for (const { name, listens } of selected.nodes) {
    if (listens?.protocol !== 'http') return { ok: false, problem: `node '${name}' takes no HTTP (listens)` };
    const url = `http://${listens.address}`;
    if (!isOwnAddress(new URL(url).hostname)) {
      const problem = `node '${name}' is at ${listens.address}, which is not this machine: no crowd is sent there`;
      return { ok: false, problem };
    }
    targets.push(crowdAt(name, url));
  }
  return resolvedTo(targets, `nothing is '${node}'`);
}

/** @throws when nobody could tell whether it works */
export async function sendCrowd(
  kind: string,
  settings: object,
  target: CrowdTarget,
  { id, forMs, signal }: Application,
): Promise<void> {
  if (tcpTable(0) === undefined)
    throw new Error('this system keeps no list of connections (/proc/net/tcp) to see a crowd by');
  const { url, entry } = target;
  const order = { kind, settings: { ...settings, url }, fault: id, against: entry, ttlMs: leaseMs(forMs) };
  target.crowd = await spawnAntagonist(order, signal);
}

/** A connection between the crowd and whom it asks, as the kernel has it. */
export interface Seen {
  /** The crowd's port. */
  port: number;
  ours: TcpEnd;
  /** In whatever state. Absent when it is in a container, or on another machine. */
  theirs: TcpEnd | undefined;
}

/** All that the crowd has open now. The crowd itself is not asked: whose a socket is, the kernel says. */
export function connectionsOf({ url, crowd }: CrowdTarget): Seen[] {
  const sockets = socketsOf(crowd?.pid ?? 0);
  const { port } = addressOf(url);
  const ends = tcpTable(port) ?? [];
  const theirs = new Map(ends.filter((end) => end.localPort === port).map((end) => [end.remotePort, end]));
  return ends
    .filter((end) => end.established && end.remotePort === port && sockets.has(end.inode))
    .map((end) => ({ port: end.localPort, ours: end, theirs: theirs.get(end.localPort) }));
}

/** A process has it, and not only the kernel. Where that cannot be seen, the handshake must do. */
export function isAccepted({ theirs }: Seen): boolean {
  return theirs === undefined || theirs.inode !== 0;
}

export function isGone({ crowd }: CrowdTarget): boolean {
  return crowd === undefined || !isAlive(crowd);
}

export const CROWD_GONE: Proof = { proven: false, evidence: 'the crowd has gone home: its process has ended' };
export const LOOK_MS = 100;

export const text = (count: number) => Math.round(count).toLocaleString('en-US');
