import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Application, Baselines, Proof } from '../fault.ts';
import type { UndoStep } from '../undo.ts';
import { type ContainerTarget, markOf, now, pin, pinned } from './container-target.ts';
import { knockAt } from './door.ts';
import { runOnMachine } from './helper.ts';

/** The fault `kill` on a container: the same settings as on a process, by the engine instead of a supervisor. */

export interface KillOfContainer {
  restart: 'at-end' | 'at-once';
}

/** Refuses what could not be undone, before anything is done. */
export async function prepareKill(
  { restart }: KillOfContainer,
  target: ContainerTarget,
  signal: AbortSignal,
): Promise<void> {
  const { autoRemove, restartPolicy } = await pin(target, signal);
  if (autoRemove) throw new Error(`${target.name} was started with --rm: killed, it would be gone for good`);
  if (restart === 'at-once' && restartPolicy === 'no') {
    throw new Error(`${target.name} has no restart policy, so nobody would restart it at once; use restart: 'at-end'`);
  }
}

export function undoOfKill(target: ContainerTarget): UndoStep {
  return { step: 'start-container', container: markOf(target), healthy: pinned(target).health === 'healthy' };
}

/**
 * Killed through the engine, a container stays dead whatever its restart policy says: to the engine that was a person. For
 * its policy to see a crash, the process itself must be killed from outside of the container.
 */
export async function killContainer(
  { restart }: KillOfContainer,
  target: ContainerTarget,
  { id, signal }: Application,
): Promise<void> {
  const state = target.pinned ?? (await pin(target, signal));
  if (restart === 'at-end') return await target.engine.kill(state.id, 'SIGKILL', signal);
  if (isHere(state.id, state.pid)) process.kill(state.pid, 'SIGKILL');
  else await runOnMachine(target.engine, { id, target: state.id, script: `kill -9 ${state.pid}` }, signal);
}

/** Dead to the engine, and to whoever knocks at its door; or, when it is restarted at once, another process than before. */
export async function proveKill(
  { restart }: KillOfContainer,
  target: ContainerTarget,
  before: Baselines,
  signal: AbortSignal,
): Promise<Proof> {
  const { name } = target;
  const was = before.applied.container;
  let seen = `${name} still runs`;
  while (!signal.aborted && was !== undefined) {
    const state = await now(target, signal);
    if (state === undefined) return { proven: true, evidence: `${name} is not there any more` };
    const started = state.startedAt !== was.startedAt;
    if (restart === 'at-once' && (!state.running || started)) {
      const then = started ? `, and was started again (${state.restartCount - was.restartCount} restart)` : '';
      return { proven: true, evidence: `${name} (pid ${was.pid}) has ended${then}` };
    }
    if (restart === 'at-end' && started && state.running) {
      return { proven: false, evidence: `${name} was started again by somebody else` };
    }
    if (!state.running) {
      const evidence = `${name} (pid ${was.pid}) has ended with exit code ${state.exitCode}`;
      if (!was.door) return { proven: true, evidence };
      const knock = await knockAt(was.door.address, signal);
      if (knock === 'closed' && !signal.aborted) {
        return { proven: true, evidence: `${evidence}, and ${was.door.address} accepts no connection` };
      }
      seen = `${evidence}, but ${was.door.address} still accepts connections`;
    }
    await sleep(50);
  }
  return { proven: false, evidence: seen };
}

/** True when the container's process is one of this machine's, and not just a number that is the same. */
function isHere(id: string, pid: number): boolean {
  try {
    return pid > 0 && readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id);
  } catch {
    return false;
  }
}
