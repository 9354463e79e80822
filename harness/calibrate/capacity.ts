import { valueAt } from '../load/schedule.ts';
import { type Plan, peakUsers } from '../scenario/plan.ts';
import type { Calibration } from './calibration.ts';

/** What a plan needs of a machine that has been calibrated, and whether it has that. */
export interface Capacity {
  /** Requests a second at the peak of all arrivals, one for each; undefined when nobody arrives. */
  peakArrivalsPerSec?: number;
  peakUsers: number;
  /** Agent processes that carry it without being hurried. */
  agentsNeeded: number;
  userMemoryGib: number;
  /** Empty when this machine can carry it. */
  lacks: string[];
}

/** An agent that is busier than this has no room left for a wave. */
const BUSY = 0.6;
/** What a user who thinks before each iteration takes of what one takes who thinks in its flow: a quarter, as measured. */
const BETWEEN_TO_IN_FLOW = 0.25;
/** So many users in one process: beyond this its pauses grow. */
const USERS_PER_AGENT = 1_000_000;

export function capacityFor(plan: Plan, calibration: Calibration, freeMemoryGib: number): Capacity {
  const users = peakUsers(plan);
  const arrivals = peakArrivals(plan);
  const cores = arrivals / (calibration.engine.requestsPerCoreSec * BUSY);
  const held = peakUsers(plan, 'in-flow') + peakUsers(plan, 'between') * BETWEEN_TO_IN_FLOW;
  const agentsNeeded = Math.max(1, Math.ceil(cores), Math.ceil(held / USERS_PER_AGENT));
  const userMemoryGib = held / calibration.usersPerGib;
  const lacks: string[] = [];
  if (cores > calibration.cores)
    lacks.push(`${Math.ceil(cores)} cores for ${whole(arrivals)} iterations a second; there are ${calibration.cores}`);
  if (userMemoryGib > freeMemoryGib)
    lacks.push(`${gib(userMemoryGib)} GiB for ${whole(users)} users; ${gib(freeMemoryGib)} GiB are free`);
  if (plan.agents < agentsNeeded) lacks.push(`${agentsNeeded} agents; the plan has ${plan.agents}`);
  const peak = arrivals > 0 ? { peakArrivalsPerSec: arrivals } : {};
  return { ...peak, peakUsers: users, agentsNeeded, userMemoryGib, lacks };
}

/** As `stampede plan` says it. */
export function describeCapacity(capacity: Capacity, calibration: Calibration): string[] {
  const { agentsNeeded, peakArrivalsPerSec, peakUsers: users, userMemoryGib, lacks } = capacity;
  const parts = [
    peakArrivalsPerSec === undefined ? '' : `${whole(peakArrivalsPerSec)} iterations/s of arrivals`,
    users === 0 ? '' : `${whole(users)} users in ${gib(userMemoryGib)} GiB`,
  ].filter((part) => part !== '');
  const what = `${agentsNeeded} ${agentsNeeded === 1 ? 'agent' : 'agents'} for ${parts.join(' and ')}`;
  const unknown = users > 0 ? ['how often users ask is in their flow, not in the plan: watch the CPU of agents'] : [];
  const by = `calibrated ${calibration.measuredAt.slice(0, 10)}: ${whole(calibration.engine.requestsPerCoreSec)} requests/s a core, ${whole(calibration.usersPerGib)} users a GiB`;
  return lacks.length === 0
    ? [`this machine can carry it: ${what}`, ...unknown, by]
    : [`this machine lacks ${lacks.join('; ')}`, `needed: ${what}`, ...unknown, by];
}

/** Curves are straight between their points, so the peak of their sum is at one of them. */
function peakArrivals(plan: Plan): number {
  const curves = plan.loads.filter((load) => load.model === 'arrivals').map((load) => load.curve);
  const moments = curves.flatMap((curve) => curve.map((point) => point.tMs));
  return Math.max(0, ...moments.map((tMs) => curves.reduce((sum, curve) => sum + valueAt(curve, tMs), 0)));
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function gib(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}
