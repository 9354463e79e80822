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

/** Begins one iteration of a flow; the promise tells how it ended. It may be a plain function by mistake. */
export function beginFlow(flow: (user: User) => Promise<void>, user: User): Promise<unknown> {
  try {
    const running: unknown = flow(user);
    return running instanceof Promise ? running : Promise.resolve(running);
  } catch (error) {
    return Promise.reject(error);
  }
}
