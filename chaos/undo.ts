import { nodeStatus, releaseHold } from './control.ts';
import { proxyState, removeToxic, setEnabled } from './toxiproxy-client.ts';
import { Unreachable } from './unreachable.ts';

/** What undoes a fault, as plain data: it must make sense to a process that never saw the fault injected. */
export type UndoStep =
  | { step: 'remove-toxic'; api: string; proxy: string; toxic: string }
  | { step: 'enable-proxy'; api: string; proxy: string }
  | { step: 'release-node'; control: string; node: string };

/** `clean` only after reading back that nothing is left. */
export interface UndoResult {
  clean: boolean;
  evidence: string;
}

/**
 * Undoes a step and reads back that it is undone; `onUndone` is called in between. Idempotent: undoing what is already
 * undone is clean. Bounded by the signal.
 */
export async function undo(step: UndoStep, signal: AbortSignal, onUndone = () => {}): Promise<UndoResult> {
  try {
    await perform(step, signal);
    onUndone();
    return await verifyUndone(step, signal);
  } catch (error) {
    // The fault lived in the memory of a process that is gone: so is the fault.
    if (error instanceof Unreachable) return { clean: true, evidence: `${error.what} is gone, and the fault with it` };
    return { clean: false, evidence: error instanceof Error ? error.message : String(error) };
  }
}

async function perform(step: UndoStep, signal: AbortSignal): Promise<void> {
  switch (step.step) {
    case 'remove-toxic':
      return removeToxic(step.api, step.proxy, step.toxic, signal);
    case 'enable-proxy':
      await setEnabled(step.api, step.proxy, true, signal);
      return;
    case 'release-node':
      return releaseHold(step.control, step.node, signal);
    default:
      return step satisfies never;
  }
}

async function verifyUndone(step: UndoStep, signal: AbortSignal): Promise<UndoResult> {
  switch (step.step) {
    case 'remove-toxic': {
      const state = await proxyState(step.api, step.proxy, signal);
      const left = state?.toxics.some((toxic) => toxic.name === step.toxic) ?? false;
      return left
        ? { clean: false, evidence: `toxic ${step.toxic} is still on ${step.proxy}` }
        : { clean: true, evidence: `no toxic ${step.toxic} on ${step.proxy}` };
    }
    case 'enable-proxy': {
      const state = await proxyState(step.api, step.proxy, signal);
      const down = state !== undefined && !state.enabled;
      return down
        ? { clean: false, evidence: `${step.proxy} is still disabled` }
        : { clean: true, evidence: `${step.proxy} is enabled` };
    }
    case 'release-node': {
      // A restarted process needs a moment: wait for it, as long as the caller lets us.
      let state = 'unknown';
      while (!signal.aborted) {
        const node = await nodeStatus(step.control, step.node, signal);
        state = node?.state ?? 'unknown to its supervisor';
        if (state === 'ready') return { clean: true, evidence: `${step.node} is ready again (pid ${node?.pid})` };
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return { clean: false, evidence: `${step.node} is not ready again, its state is ${state}` };
    }
    default:
      return step satisfies never;
  }
}
