import { z } from 'zod';
import type {
  Application,
  Baseline,
  Baselines,
  FaultFamily,
  FaultKind,
  FaultTarget,
  Proof,
  Resolved,
} from './fault.ts';
import { down } from './faults/down.ts';
import { kill } from './faults/kill.ts';
import { latency } from './faults/latency.ts';
import { suggestion } from './suggestion.ts';
import type { Topology } from './topology.ts';
import type { UndoStep } from './undo.ts';

/** A fault with its settings, ready to be aimed: what a scenario's `latency({...})` becomes after parsing. */
export interface BoundFault {
  kind: string;
  settings: string;
  resolve(topology: Topology): Resolved<AimedFault>;
}

/** A fault with one target found: all that is left is to do it. */
export interface AimedFault {
  kind: string;
  settings: string;
  target: string;
  takes: string;
  /** Before `undoOf`, always. */
  prepare(signal: AbortSignal): Promise<void>;
  undoOf(id: string): UndoStep;
  baseline(signal: AbortSignal): Promise<Baseline>;
  apply(how: Application): Promise<void>;
  prove(before: Baselines, signal: AbortSignal): Promise<Proof>;
}

export type Bound =
  | { ok: true; fault: BoundFault }
  | { ok: false; problems: { path: (string | number)[]; message: string }[] };

interface CatalogueEntry {
  kind: string;
  family: FaultFamily;
  about: string;
  needs: string;
  provenBy: string;
  undoneBy: string;
  /** Its settings, by name, and what each means. */
  fields: { name: string; about: string }[];
  bind(params: unknown): Bound;
}

/** Every fault there is. */
export const catalogue: readonly CatalogueEntry[] = [entry(latency), entry(down), entry(kill)];

/** Checks a fault's settings; every problem at once. */
export function bindFault(kind: string, params: unknown): Bound {
  const found = catalogue.find((candidate) => candidate.kind === kind);
  if (found) return found.bind(params);
  const kinds = catalogue.map((candidate) => candidate.kind);
  return { ok: false, problems: [{ path: ['kind'], message: `no such fault '${kind}'. ${suggestion(kind, kinds)}` }] };
}

/** Hides a kind's own types behind closures, so that a list can hold faults of all kinds. */
function entry<Params, Target extends FaultTarget>(kind: FaultKind<Params, Target>): CatalogueEntry {
  const shape = kind.params instanceof z.ZodObject ? kind.params.shape : {};
  const names = Object.keys(shape);
  const { family, about, needs, provenBy, undoneBy } = kind;
  return {
    kind: kind.kind,
    family,
    about,
    needs,
    provenBy,
    undoneBy,
    fields: Object.entries(shape).map(([name, field]) => ({ name, about: describing(field) })),
    bind(params) {
      const parsed = kind.params.safeParse(params);
      if (!parsed.success) {
        const problems = parsed.error.issues.flatMap((issue) =>
          issue.code === 'unrecognized_keys'
            ? issue.keys.map((key) => ({ path: [key], message: `unknown key. ${suggestion(key, names)}` }))
            : [
                {
                  path: issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part)),
                  message: issue.message,
                },
              ],
        );
        return { ok: false, problems };
      }
      const settings = kind.settings(parsed.data);
      return {
        ok: true,
        fault: { kind: kind.kind, settings, resolve: (topology) => aim(kind, parsed.data, settings, topology) },
      };
    },
  };
}

function aim<Params, Target extends FaultTarget>(
  kind: FaultKind<Params, Target>,
  params: Params,
  settings: string,
  topology: Topology,
): Resolved<AimedFault> {
  const resolved = kind.resolve(params, topology);
  if (!resolved.ok) return resolved;
  const [first, ...others] = resolved.targets.map((target): AimedFault => {
    return {
      kind: kind.kind,
      settings,
      target: target.name,
      takes: target.takes,
      prepare: async (signal) => kind.prepare?.(params, target, signal),
      undoOf: (id) => kind.undoOf(params, target, id),
      baseline: (signal) => kind.baseline(target, signal),
      apply: (how) => kind.apply(params, target, how),
      prove: (before, signal) => kind.prove(params, target, before, signal),
    };
  });
  return first === undefined
    ? { ok: false, problem: `${kind.kind} found no target` }
    : { ok: true, targets: [first, ...others] };
}

function describing(field: unknown): string {
  return field instanceof z.ZodType ? (field.description ?? '') : '';
}
