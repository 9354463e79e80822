import { allProcesses, type ListedProcess, processNow } from './processes.ts';

/**
 * A process and all its descendants, parents first. By parent, and not by group or session: each of PostgreSQL's processes
 * leads a session of its own. Empty when there is no such process.
 */
export function treeOf(root: number): ListedProcess[] {
  const all = allProcesses();
  const tree = all.filter(({ pid }) => pid === root);
  // The list grows while it is walked.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

/**
 * Sends a signal to all of a tree, parents first, again until nobody new turns up: who has not got it yet may have children
 * meanwhile. Returns how many got it. Nobody is stopped before being killed, though that would leave no gap: we may end in
 * between, and nobody would let them go on.
 */
export function signalTree(root: number, signal: NodeJS.Signals): number {
  const done = new Set<number>();
  for (;;) {
    const found = treeOf(root).filter(({ pid }) => !done.has(pid));
    if (found.length === 0) return done.size;
    for (const { pid } of found) {
      done.add(pid);
      sendSignal(pid, signal);
    }
  }
}

/** False when the process had gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

export function exists(pid: number): boolean {
  return processNow(pid) !== undefined;
}
