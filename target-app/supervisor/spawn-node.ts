import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { NodeSpec } from './node-spec.ts';

/** Starts a node's process; what it says goes to its log. */
export function spawnNode({ command, args, env, folder, uid, tether }: NodeSpec, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  const options: SpawnOptions = {
    stdio: [tether === 'stdin' ? 'pipe' : 'ignore', log, log, ...(tether === 'ipc' ? ['ipc' as const] : [])],
    // A group of its own: Ctrl-C at the terminal is for the supervisor, which then ends the nodes in order.
    detached: true,
    ...(env === undefined ? {} : { env }),
    ...(folder === undefined ? {} : { cwd: folder }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
  };
  const child = spawn(command, args, options);
  closeSync(log);
  child.stdin?.on('error', () => {});
  return child;
}
