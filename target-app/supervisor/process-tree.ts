import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Sends a signal to a process and all its descendants, parents first, until no new ones turn up: one that has not got it yet
 * may have children meanwhile. Before they are killed they are stopped: children of a dead parent are nobody's, and would
 * not be found. By parent, because each of PostgreSQL's processes leads a session of its own.
 */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  const done = new Set<number>();
  for (;;) {
    const found = treeOf(pid).filter((one) => !done.has(one));
    if (found.length === 0) break;
    for (const one of found) {
      done.add(one);
      send(one, signal === 'SIGKILL' ? 'SIGSTOP' : signal);
    }
  }
  if (signal === 'SIGKILL') for (const one of done) send(one, signal);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone between the look and the signal.
  }
}

function treeOf(root: number): number[] {
  const parents = process.platform === 'linux' ? parentsByProc() : parentsByPs();
  const tree = [root];
  // The list grows while it is walked.
  for (const one of tree) {
    for (const [pid, parent] of parents) if (parent === one) tree.push(pid);
  }
  return tree;
}

function parentsByProc(): [pid: number, parent: number][] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): [number, number][] => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        // The name in field 2 may hold anything, blanks and brackets included; it ends at the last bracket.
        return [[Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]];
      } catch {
        return [];
      }
    });
}

function parentsByPs(): [pid: number, parent: number][] {
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [pid, parent] = line.trim().split(/\s+/);
    return [Number(pid), Number(parent)];
  });
}
