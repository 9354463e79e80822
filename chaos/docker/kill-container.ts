import { readFileSync } from 'node:fs';
import type { FaultKind } from '../fault.ts';
import type { KillSettings } from '../faults/kill.ts';
import { kill } from '../faults/kill.ts';
import {
  type ContainerTarget,
  containerBaseline,
  now,
  pin,
  pinKept,
  resolveContainers,
  startAgain,
} from './container-target.ts';
import { proveEnded } from './ended.ts';
import { runOnMachine, toolsImage } from './helper.ts';
import { untilProven } from './until-proven.ts';

/**
 * The fault `kill` on a container. Killed through the engine, a container stays dead whatever its restart policy says: to
 * the engine that was a person. For its policy to see a crash, the process must be killed from outside of the container.
 */
export const killContainer: FaultKind<KillSettings, ContainerTarget> = {
  kind: 'kill',
  family: 'container',
  about:
    'The main process of a container is ended by a signal; it is restarted when the fault ends, or at once by its restart policy.',
  needs: 'a container on an engine (with a restart policy, for at-once)',
  provenBy: 'the container ended, and no connection accepted at its door; for at-once another process than before',
  undoneBy: 'starting it, by us, by the watchdog, or by the next start; the engine knows no lease',
  params: kill.params,
  resolve: ({ node }, topology) => resolveContainers(node, topology),
  settings: kill.settings,

  async prepare({ restart }, target, signal) {
    const { restartPolicy } = await pinKept(target, 'killed', signal);
    if (restart === 'at-once' && restartPolicy === 'no') {
      throw new Error(
        `${target.name} has no restart policy, so nobody would restart it at once; use restart: 'at-end'`,
      );
    }
  },

  undoOf: (_, target) => startAgain(target),
  baseline: containerBaseline,

  async apply({ restart, signal: with_ }, target, { id, signal }) {
    const state = target.pinned ?? (await pin(target, signal));
    if (restart === 'at-end') return await target.engine.kill(state.id, with_, signal);
    if (isHere(state.id, state.pid)) process.kill(state.pid, with_);
    else
      await runOnMachine(
        target.engine,
        { id, target: state.id, image: toolsImage(), script: `kill -${with_.slice('SIG'.length)} ${state.pid}` },
        signal,
      );
  },

  async prove({ restart }, target, before, signal) {
    const { name } = target;
    const was = before.applied.container;
    if (restart === 'at-end') return await proveEnded(target, was, signal);
    return await untilProven(signal, `${name} still runs`, async () => {
      const state = await now(target, signal);
      if (state === undefined) return { proven: true, evidence: `${name} is not there any more` };
      const started = state.startedAt !== was?.startedAt;
      if (state.running && !started) return `${name} still runs`;
      const then = started ? `, and was started again (${state.restartCount - (was?.restartCount ?? 0)} restart)` : '';
      return { proven: true, evidence: `${name} (pid ${was?.pid}) has ended${then}` };
    });
  },
};

/** True when the container's process is one of this machine's, and not just a number that is the same. */
function isHere(id: string, pid: number): boolean {
  try {
    return pid > 0 && readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id);
  } catch {
    return false;
  }
}
