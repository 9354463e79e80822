import type { User } from './user.ts';
import type { Surroundings } from './virtual-user.ts';

/** What the groups of an engine need of it. Times are on the run's clock. */
export interface GroupContext {
  shared: Surroundings;
  startMs: number;
  /** Changes how many are active. */
  count: (change: 1 | -1) => void;
  /** `error` is undefined when it went well. */
  iterationEnded: (group: string, error: unknown) => void;
}

/** Runs a flow once and tells how it ended. It may be a plain function by mistake. */
export function runFlow(
  flow: (user: User) => Promise<void>,
  user: User,
  ended: () => void,
  failed: (error: unknown) => void,
): void {
  let running: unknown;
  try {
    running = flow(user);
  } catch (error) {
    running = Promise.reject(error);
  }
  (running instanceof Promise ? running : Promise.resolve(running)).then(ended, failed);
}
