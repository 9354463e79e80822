import type { UndoStep } from '../undo.ts';
import type { HookedTarget } from './process-node.ts';

export const hookNeeds = 'a node with fault hooks (the roles of the reference target have them)';

export const hookUndoneBy = 'ending the hook, which ends itself at the latest 10 s after the fault should have ended';

export function undoOfHook(name: string) {
  return (_: unknown, { hooks, control, name: node }: HookedTarget): UndoStep => {
    return { step: 'end-hook', hooks, control, node, name };
  };
}

/** Where a node answers /livez, as `host:port`. */
export function opsAddress({ ops }: HookedTarget): string {
  return new URL(ops).host;
}
