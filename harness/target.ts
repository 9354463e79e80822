import type { Plan } from './scenario/plan.ts';
import { paperReference, type UpOptions, useReference } from './targets/reference.ts';
import { readTopology, type Target } from './targets/target.ts';

/** The system a plan is about: the reference target, or one that is up somewhere and may have told its topology. */
export async function targetOf(wanted: Plan['target'], options: UpOptions): Promise<Target> {
  if (wanted.kind === 'reference') return useReference(options);
  const known = wanted.topology === undefined ? undefined : readTopology(wanted.topology);
  const topology = known ?? { entry: wanted.url, nodes: [], links: [], scrapes: [], stores: [] };
  return {
    entry: wanted.url,
    topology: () => topology,
    gone: new Promise(() => {}),
    ours: false,
    stop: async () => {},
  };
}
