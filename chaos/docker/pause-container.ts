import type { FaultKind } from '../fault.ts';
import { type PauseSettings, pause } from '../faults/pause.ts';
import { type ContainerTarget, containerBaseline, markOf, now, pin, resolveContainers } from './container-target.ts';
import { knockAt } from './door.ts';
import { untilProven } from './until-proven.ts';

/** All processes of a container are frozen. The kernel goes on accepting connections for them: clients hang. */
export const pauseContainer: FaultKind<PauseSettings, ContainerTarget> = {
  kind: 'pause',
  family: 'container',
  about: 'All processes of a container are frozen: connections are still accepted, and nobody answers.',
  needs: 'a container on an engine',
  provenBy: 'no answer at its door where there was one before, or its CPU time standing still; the engine says paused',
  undoneBy: 'unpausing it, by us, by the watchdog, or by the next start; the engine knows no lease',
  params: pause.params,
  resolve: ({ node }, topology) => resolveContainers(node, topology),
  settings: () => 'frozen',
  async prepare(_, target, signal) {
    await pin(target, signal);
  },
  undoOf: (_, target) => ({ step: 'unpause-container', container: markOf(target) }),
  baseline: containerBaseline,
  async apply(_, target, { signal }) {
    await target.engine.pause((target.pinned ?? (await pin(target, signal))).id, signal);
  },

  async prove(_, target, before, signal) {
    const { name, engine } = target;
    const door = before.applied.container?.door;
    return await untilProven(signal, `${name} is not paused`, async () => {
      const state = await now(target, signal);
      if (state === undefined || !state.running) {
        return { proven: false, evidence: `${name} is ${state?.status ?? 'not there any more'}, not paused` };
      }
      if (!state.paused) return `${name} is not paused`;
      if (door?.answers) {
        return (await knockAt(door.address, signal)) === 'answered'
          ? `${name} is said to be paused, but still answers at ${door.address}`
          : { proven: true, evidence: `${name} is paused, and does not answer at ${door.address} any more` };
      }
      const [first, second] = [await engine.stats(state.id, signal), await engine.stats(state.id, signal)];
      const usedMs = (second.cpuNs - first.cpuNs) / 1e6;
      return usedMs > 0
        ? `${name} is said to be paused, but has used ${usedMs.toFixed(1)} ms of CPU time since`
        : { proven: true, evidence: `${name} is paused, and uses no CPU time` };
    });
  },
};
