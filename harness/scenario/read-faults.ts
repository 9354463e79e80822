import { bindFault } from '../../chaos/catalogue.ts';
import { formatDuration } from '../units.ts';
import type { ParseContext } from './context.ts';
import type { FaultPlan } from './plan.ts';
import type { Reader } from './reader.ts';
import { faultEntrySchema } from './schemas.ts';

/** Reads the faults: settings by their kind, targets looked up, names made unique, clashes refused. */
export function readFaults(raw: unknown, reader: Reader, context: ParseContext, durationMs: number): FaultPlan[] {
  const faults: (FaultPlan & { target: string })[] = [];
  for (const [index, value] of reader.list('faults', raw).entries()) {
    const path = ['faults', index];
    const entry = reader.read(path, faultEntrySchema, value);
    if (!entry) continue;
    const bound = bindFault(entry.fault.kind, entry.fault.params);
    if (!bound.ok) {
      for (const problem of bound.problems) reader.problem([...path, 'fault', ...problem.path], problem.message);
      continue;
    }
    if (entry.at + entry.for > durationMs && durationMs > 0) {
      const ends = formatDuration(entry.at + entry.for);
      reader.problem(
        [...path, 'for'],
        `the fault ends ${ends} after the load's start, but the load ends at ${formatDuration(durationMs)}`,
      );
    }
    let target = entry.fault.kind;
    if (context.topology === undefined) {
      reader.problem(
        [...path, 'fault'],
        'this target has no topology, so nothing can be broken; set target.topology to a JSON file',
      );
    } else {
      const resolved = bound.fault.resolve(context.topology);
      if (!resolved.ok) {
        reader.problem([...path, 'fault'], resolved.problem);
        continue;
      }
      target = `${entry.fault.kind} ${resolved.targets[0].target}`;
    }
    const taken = new Set(faults.map((fault) => fault.name));
    const name = entry.name ?? free(entry.fault.kind, taken);
    if (taken.has(name)) reader.problem([...path, 'name'], `another fault is called '${name}' already`);
    const clash = faults.find(
      (other) => other.target === target && overlaps(other, { atMs: entry.at, forMs: entry.for }),
    );
    if (clash) reader.problem(path, `hits the same target as '${clash.name}' while that one is still on`);
    faults.push({
      name,
      kind: entry.fault.kind,
      params: entry.fault.params,
      settings: bound.fault.settings,
      atMs: entry.at,
      forMs: entry.for,
      target,
    });
  }
  return faults.map(({ target: _, ...fault }) => fault);
}

function overlaps(a: { atMs: number; forMs: number }, b: { atMs: number; forMs: number }): boolean {
  return a.atMs < b.atMs + b.forMs && b.atMs < a.atMs + a.forMs;
}

function free(name: string, taken: Set<string>): string {
  if (!taken.has(name)) return name;
  let count = 2;
  while (taken.has(`${name}-${count}`)) count++;
  return `${name}-${count}`;
}
