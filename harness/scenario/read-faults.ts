import { type AimedFault, bindFault } from '../../chaos/catalogue.ts';
import { clashOf } from '../../chaos/clash.ts';
import { Random } from '../load/random.ts';
import { formatDuration } from '../units.ts';
import { chooseTargets } from './blast-radius.ts';
import type { ParseContext } from './context.ts';
import { type Occurrence, readOccurrences } from './occurrences.ts';
import type { FaultPlan } from './plan.ts';
import type { Reader } from './reader.ts';

/** A fault with what it takes of the system, and from when to when. */
interface Placed {
  plan: FaultPlan;
  takes: string[];
  fromMs: number;
  toMs: number;
  set: string | undefined;
  /** Where in the scenario it comes from. */
  from: string;
}

/** Reads the faults: settings by their kind, targets looked up and drawn, names made unique, clashes refused. */
export function readFaults(
  raw: unknown,
  reader: Reader,
  context: ParseContext,
  times: { seed: number; durationMs: number },
): FaultPlan[] {
  const placed: Placed[] = [];
  for (const occurrence of readOccurrences(raw, reader, context, times)) {
    const one = place(occurrence, placed, reader, context, times);
    if (one) placed.push(one);
  }
  return placed.map(({ plan }) => plan);
}

function place(
  occurrence: Occurrence,
  before: readonly Placed[],
  reader: Reader,
  context: ParseContext,
  { seed, durationMs }: { seed: number; durationMs: number },
): Placed | undefined {
  const { path, atMs, forMs, after, fault, drawnFrom } = occurrence;
  const taken = new Set(before.map(({ plan }) => plan.name));
  const name = free(occurrence.name ?? fault.kind, taken);
  const namesake = before.find(({ plan, from }) => plan.name === occurrence.name && from !== path.join('.'));
  if (namesake) once(reader, [...path, 'name'], `another fault is called '${occurrence.name}' already`);
  const bound = bindFault(fault.kind, fault.params);
  if (!bound.ok) {
    for (const problem of bound.problems) once(reader, [...path, 'fault', ...problem.path], problem.message);
    return undefined;
  }
  if (atMs + forMs > durationMs && durationMs > 0) {
    const ends = formatDuration(atMs + forMs);
    const message = `the fault ends ${ends} after the load's start, but the load ends at ${formatDuration(durationMs)}`;
    once(reader, [...path, 'for'], message);
  }
  const targets = aim(occurrence, name, reader, context, seed);
  if (targets === undefined) return undefined;
  const takes = targets.flatMap((target) => target.takes);
  const span = { fromMs: atMs, toMs: after ? atMs + after.withinMs + forMs : atMs + forMs };
  const overlapping = before.filter((other) => other.fromMs < span.toMs && span.fromMs < other.toMs);
  const full = drawnFrom && overlapping.filter(({ set }) => set === drawnFrom.set).length >= drawnFrom.atMost;
  const clash = overlapping.find((other) => clashOf(takes, other.takes) !== undefined);
  // A turn of a nemesis that finds its target taken is passed over; what a person has put there is a mistake.
  if (drawnFrom && (full || clash)) return undefined;
  if (clash) {
    const both = clashOf(takes, clash.takes);
    reader.problem(path, `takes ${both}, which '${clash.plan.name}' has ${spanText(clash)}`);
  }
  const plan: FaultPlan = {
    name,
    kind: fault.kind,
    params: fault.params,
    settings: bound.fault.settings,
    targets: targets.map(({ target }) => target),
    atMs,
    forMs,
    ...(after === undefined ? {} : { after }),
  };
  return { plan, takes, ...span, set: drawnFrom?.set, from: path.join('.') };
}

function aim(
  { path, fault, limit, percent, never }: Occurrence,
  name: string,
  reader: Reader,
  { topology, cap }: ParseContext,
  seed: number,
): readonly AimedFault[] | undefined {
  const where = [...path, 'fault'];
  if (topology === undefined) {
    const message = 'this target has no topology, so nothing can be broken; set target.topology to a JSON file';
    once(reader, where, message);
    return undefined;
  }
  const bound = bindFault(fault.kind, fault.params);
  const resolved = bound.ok ? bound.fault.resolve(topology) : undefined;
  if (!resolved?.ok) {
    if (resolved) once(reader, where, resolved.problem);
    return undefined;
  }
  const random = new Random(seed, `targets of ${name}`, 0);
  const radius = { limit, percent, never };
  const chosen = chooseTargets(resolved.targets, radius, cap ?? { never: [] }, topology, random);
  if (chosen.ok) return chosen.targets;
  once(reader, where, chosen.problem);
  return undefined;
}

/** A fault that comes again and again is wrong once. */
function once(reader: Reader, path: (string | number)[], message: string): void {
  const before = reader.problems.length;
  reader.problem(path, message);
  const last = reader.problems.at(-1);
  const same = reader.problems.slice(0, before).some((one) => one.path === last?.path && one.message === message);
  if (same) reader.problems.pop();
}

function spanText({ fromMs, toMs, plan }: Placed): string {
  return `from ${formatDuration(fromMs)}${plan.after ? ' at the earliest' : ''} to ${formatDuration(toMs)}`;
}

function free(name: string, taken: Set<string>): string {
  if (!taken.has(name)) return name;
  let count = 2;
  while (taken.has(`${name}-${count}`)) count++;
  return `${name}-${count}`;
}
