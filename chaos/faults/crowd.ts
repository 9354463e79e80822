import { z } from 'zod';
import { answeredOf } from '../antagonist/answered.ts';
import { addressOf, PATH } from '../antagonist/crowd.ts';
import { spawnAntagonist } from '../antagonist/spawn.ts';
import type { Application, FaultTarget, Proof, Resolved } from '../fault.ts';
import { isOwnAddress } from '../own-address.ts';
import { isAlive, type ProcessMark } from '../process-mark.ts';
import { treeOf } from '../process-tree.ts';
import { resolvedTo } from '../resolved-to.ts';
import { selectNodes } from '../select-nodes.ts';
import { socketsOf, type TcpEnd, tcpTable } from '../tcp-table.ts';
import type { Topology, TopologyNode } from '../topology.ts';
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
  /** The server's process, where the topology has it. */
  server: number | undefined;
  /** Inodes of what listened at the server's port when it was last looked at, and whether all of it was the server's. */
  listeners?: { inodes: string; own: boolean };
  crowd?: ProcessMark;
}

/** Whom the crowd asks. A node must be here; the entry is where the run's own load goes, wherever that is. */
export function resolveCrowd(kind: string, node: string | undefined, topology: Topology): Resolved<CrowdTarget> {
  const { entry } = topology;
  const crowdAt = (name: string, url: string, server: number | undefined) => ({
    name,
    takes: `crowd:${name}/${kind}`,
    url,
    entry,
    server,
  });
  if (node === undefined) {
    const { protocol } = new URL(entry);
    if (protocol === 'http:') return { ok: true, targets: [crowdAt('entry', entry, processAt(entry, topology.nodes))] };
    const problem =
      protocol === 'https:'
        ? `the entry is ${entry}, and a crowd speaks plain HTTP only`
        : 'nobody has said where users of this system come in; give its topology';
    return { ok: false, problem };
  }
  const selected = selectNodes(node, topology);
  if (!selected.ok) return selected;
  const targets: CrowdTarget[] = [];
  for (const { name, by, listens } of selected.nodes) {
    if (listens?.protocol !== 'http') return { ok: false, problem: `node '${name}' takes no HTTP (listens)` };
    const url = `http://${listens.address}`;
    if (!isOwnAddress(new URL(url).hostname)) {
      const problem = `node '${name}' is at ${listens.address}, which is not this machine: no crowd is sent there`;
      return { ok: false, problem };
    }
    targets.push(crowdAt(name, url, 'pid' in by ? by.pid : undefined));
  }
  return resolvedTo(targets, `nothing is '${node}'`);
}

/** The process of the node that takes connections there, if there is one. */
function processAt(url: string, nodes: readonly TopologyNode[]): number | undefined {
  const { host, port } = addressOf(url);
  const here = (address: string) => {
    const { hostname, port: listened } = new URL(`http://${address}`);
    return Number(listened || 80) === port && isOwnAddress(hostname);
  };
  if (!isOwnAddress(host)) return undefined;
  for (const { by, listens } of nodes) {
    if ('pid' in by && listens?.protocol === 'http' && here(listens.address)) return by.pid;
  }
  return undefined;
}

/** @throws when nobody could tell whether it works */
export async function sendCrowd(
  kind: string,
  settings: object,
  target: CrowdTarget,
  { id, forMs, signal }: Application,
): Promise<void> {
  if ((await tcpTable(0)) === undefined)
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
  /** The server's own, in whatever state. Absent when it is out of sight, or somebody else's. */
  theirs: TcpEnd | undefined;
}

export interface Look {
  /** All that the crowd has open. */
  connections: Seen[];
  /** The server's ends are its own. They are not when it is elsewhere, or in a container behind a port that Docker publishes. */
  inSight: boolean;
}

/** What there is now. The crowd itself is not asked: whose a socket is, the kernel says. */
export async function look(target: CrowdTarget): Promise<Look> {
  const { port } = addressOf(target.url);
  const ends = (await tcpTable(port)) ?? [];
  const sockets = socketsOf(target.crowd?.pid ?? 0);
  const at = ends.filter((end) => end.localPort === port);
  const inSight = isServersOwn(
    target,
    at.filter(({ listening }) => listening),
  );
  const theirs = new Map(inSight ? at.map((end) => [end.remotePort, end]) : []);
  const connections = ends
    .filter((end) => end.established && end.remotePort === port && sockets.has(end.inode))
    .map((end) => ({ port: end.localPort, ours: end, theirs: theirs.get(end.localPort) }));
  return { connections, inSight };
}

/**
 * Whether all that listens belongs to the server's process or to a descendant. What is accepted there is then theirs too, and
 * not that of a proxy that accepts whoever comes, as Docker's does. Looked up again only when others listen: a server may
 * have ten thousands of sockets.
 */
function isServersOwn(target: CrowdTarget, listening: TcpEnd[]): boolean {
  const { server } = target;
  if (server === undefined || listening.length === 0) return false;
  const inodes = listening.map(({ inode }) => inode).join();
  if (target.listeners?.inodes !== inodes) {
    const sockets = treeOf(server).map(({ pid }) => socketsOf(pid));
    const own = listening.every(({ inode }) => sockets.some((all) => all.has(inode)));
    target.listeners = { inodes, own };
  }
  return target.listeners.own;
}

/** The server's process has it, and not only the kernel. */
export function isAccepted({ theirs }: Seen): boolean {
  return theirs !== undefined && theirs.inode !== 0;
}

/** Answers that the crowd says it has had. */
export function answered({ crowd }: CrowdTarget): number {
  return crowd === undefined ? 0 : answeredOf(crowd);
}

/** How long to wait after a look, ms: among a hundred thousand connections one takes long, and this process has a run to lead. */
export function restAfter(tookMs: number): number {
  return Math.max(LOOK_MS, tookMs * 9);
}

export function isGone({ crowd }: CrowdTarget): boolean {
  return crowd === undefined || !isAlive(crowd);
}

export const CROWD_GONE: Proof = { proven: false, evidence: 'the crowd has gone home: its process has ended' };
const LOOK_MS = 100;
