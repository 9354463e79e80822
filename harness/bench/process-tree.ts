import { readdirSync, readFileSync } from 'node:fs';

/** Resident memory of a process and all its descendants, from /proc; 0 where there is no /proc. */
export function treeRssBytes(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + rssOf(read(`/proc/${pid}/status`)), 0);
}

/** User and system time of a process and its descendants that are alive, in steps of 10 ms. */
export function treeCpuSec(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + cpuSecOf(read(`/proc/${pid}/stat`)), 0);
}

function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of list('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(read(`/proc/${entry}/stat`));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** The command's name stands in brackets and may hold anything, brackets included: what counts begins after the last. */
export function parentOf(stat: string): number | undefined {
  const parent = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .at(1);
  return parent === undefined ? undefined : Number(parent);
}

export function rssOf(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024;
}

/** Linux counts it in hundredths of a second. */
export function cpuSecOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** A process may be gone by the time it is read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
