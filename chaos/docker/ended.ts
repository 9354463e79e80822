import type { Proof } from '../fault.ts';
import type { ContainerBaseline } from './container-baseline.ts';
import { type ContainerTarget, now } from './container-target.ts';
import { knockAt } from './door.ts';
import { untilProven } from './until-proven.ts';

/** Waits until a container has ended, to the engine and to whoever knocks at its door, and stays so. */
export async function proveEnded(
  target: ContainerTarget,
  was: ContainerBaseline | undefined,
  signal: AbortSignal,
): Promise<Proof> {
  const { name } = target;
  return await untilProven(signal, `${name} still runs`, async () => {
    const state = await now(target, signal);
    if (state === undefined) return { proven: true, evidence: `${name} is not there any more` };
    if (state.running && state.startedAt !== was?.startedAt) {
      return { proven: false, evidence: `${name} was started again by somebody else` };
    }
    if (state.running) return `${name} still runs`;
    const evidence = `${name} (pid ${was?.pid}) has ended with exit code ${state.exitCode}`;
    if (!was?.door) return { proven: true, evidence };
    const { address } = was.door;
    return (await knockAt(address, signal)) === 'closed'
      ? { proven: true, evidence: `${evidence}, and ${address} accepts no connection` }
      : `${evidence}, but ${address} still accepts connections`;
  });
}
