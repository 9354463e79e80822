import type { RunClock } from '../clock.ts';
import type { Journal } from '../journal.ts';
import type { LiveTracker } from '../live.ts';
import type { EmbeddedMonitor } from '../monitor/embedded.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Plan } from '../scenario/plan.ts';
import type { Target } from '../targets/target.ts';
import type { Load } from './load.ts';

/** The parts of a run that is under way. */
export interface Running {
  id: string;
  plan: Plan;
  target: Target;
  load: Load;
  monitor: Monitor;
  /** Scrapes in this process, whoever answers queries. */
  embedded: EmbeddedMonitor;
  journal: Journal;
  live: LiveTracker;
  clock: RunClock;
  undoDirectory: string;
  /** Where runs that are under way can be found. */
  liveDirectory: string;
  interrupt: AbortSignal;
  broken: AbortSignal;
}

export type Ended = { reason: 'completed' | 'stopped' | 'interrupted' | 'broken'; why: string };
