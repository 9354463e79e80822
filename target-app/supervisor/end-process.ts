import type { ChildProcess } from 'node:child_process';
import type { NodeSpec } from './node-spec.ts';
import { identify, isAlive, type ProcessIdentity, processesIn } from './process-identity.ts';
import { endAll } from './target-dir.ts';

/** Ends a node's process and whatever belongs to it: kindly at first, for certain after `withinMs`. */
export async function endProcess(child: ChildProcess, spec: NodeSpec, withinMs: number): Promise<void> {
  const identity = identify(child.pid ?? 0);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  switch (spec.tether) {
    case 'ipc':
      // Everything ends at once, so there is nobody left to drain for.
      if (child.connected) child.disconnect();
      break;
    case 'stdin':
      child.stdin?.end();
      child.kill(spec.stopSignal);
      break;
    case 'none':
      child.kill(spec.stopSignal);
      break;
    default:
      spec.tether satisfies never;
  }
  const timer = setTimeout(() => void endAll(family(identity, spec)), withinMs);
  if (identity !== undefined && isAlive(identity)) await exited;
  clearTimeout(timer);
  await endAll(family(identity, spec));
}

function family(identity: ProcessIdentity | undefined, { folder }: NodeSpec): ProcessIdentity[] {
  const children = folder === undefined ? [] : processesIn(folder);
  return identity === undefined ? children : [identity, ...children];
}
