import type { Plan } from './scenario/plan.ts';
import { stackUp } from './targets/compose.ts';
import { type UpOptions, useReference } from './targets/reference.ts';
import { readTopology, type Target } from './targets/target.ts';

interface TargetOptions extends UpOptions {
  /** The working directory, which has one stack of containers. */
  checkout: string;
  /** What a long start has to say. */
  say: (line: string) => void;
}

/** The system a plan is about: the reference target, or one that is up somewhere and may have told its topology. */
export async function targetOf(wanted: Plan['target'], options: TargetOptions): Promise<Target> {
  if (wanted.kind === 'reference') return useReference(options);
  if (wanted.kind === 'compose') {
    const { checkout, signal } = options;
    return stackUp({ checkout, signal, say: options.say });
  }
  const known = wanted.topology === undefined ? undefined : readTopology(wanted.topology);
  // Users come in where the scenario says, whatever the topology has.
  const topology = known
    ? { ...known, entry: wanted.url }
    : { entry: wanted.url, nodes: [], links: [], scrapes: [], stores: [] };
  return {
    entry: wanted.url,
    topology: () => topology,
    gone: new Promise(() => {}),
    ours: false,
    stop: async () => {},
  };
}
