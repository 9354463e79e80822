import type { FaultTarget, Resolved } from '../fault.ts';
import type { ProcessMark } from '../process-mark.ts';
import { treeOf } from '../process-tree.ts';
import type { Topology } from '../topology.ts';
import type { UndoStep } from '../undo.ts';
import { type ProcessTarget, resolveProcess } from './process-node.ts';

/** A node, and the process of ours that takes something away from it. */
export interface HogTarget extends ProcessTarget {
  hog?: ProcessMark;
}

export function resolveHog(node: string, topology: Topology, part: string): Resolved<HogTarget> {
  return resolveProcess(node, topology, part);
}

export function undoOfHog(_params: unknown, _target: FaultTarget, id: string): UndoStep {
  return { step: 'end-process', fault: id };
}

export const hogUndoneBy =
  'killing the process, which ends itself at the latest 10 s after the fault should have ended';

/** @throws when the node does not run on this machine */
export function assertHere({ name, pid }: ProcessTarget): void {
  if (treeOf(pid).length > 0) return;
  throw new Error(`${name} (pid ${pid}) does not run on this machine, so nothing can be taken away from it here`);
}
