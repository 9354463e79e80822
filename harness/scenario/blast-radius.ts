import type { AimedFault } from '../../chaos/catalogue.ts';
import { selectLinks } from '../../chaos/select-links.ts';
import { selectNodes } from '../../chaos/select-nodes.ts';
import type { Topology } from '../../chaos/topology.ts';
import type { Random } from '../load/random.ts';

/** How much of what a fault could hit it may hit. */
export interface BlastRadius {
  /** At most so many of the targets that its selector finds. */
  limit?: number | undefined;
  /** At most this share of them, in percent; one at least. */
  percent?: number | undefined;
  /** Selectors of nodes and links that are not to be hit, whatever else is said. */
  never: readonly string[];
}

/** What a project allows any fault: stampede.config.json. */
export interface BlastCap {
  never: readonly string[];
  /** Of one fault. */
  maxTargets?: number | undefined;
  /** Of the nodes of one role, in percent. */
  maxPercent?: number | undefined;
}

export type Chosen = { ok: true; targets: [AimedFault, ...AimedFault[]] } | { ok: false; problem: string };

/** Draws the targets of a fault from those it could hit. What the cap forbids is refused, never trimmed in silence. */
export function chooseTargets(
  candidates: readonly AimedFault[],
  radius: BlastRadius,
  cap: BlastCap,
  topology: Topology,
  random: Random,
): Chosen {
  const spared = namesOf([...radius.never, ...cap.never], topology);
  if (!spared.ok) return spared;
  const allowed = candidates.filter(({ target }) => !spared.names.has(target));
  const most = Math.min(
    radius.limit ?? Number.POSITIVE_INFINITY,
    radius.percent === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(1, Math.floor((allowed.length * radius.percent) / 100)),
  );
  const chosen = allowed.length <= most ? allowed : drawn(allowed, most, random);
  const [first, ...others] = chosen;
  if (first === undefined) {
    const names = candidates.map(({ target }) => target).join(', ');
    return { ok: false, problem: `all it could hit is on a list of what is never to be hit: ${names}` };
  }
  const excess = beyond(chosen, cap, topology);
  return excess === undefined ? { ok: true, targets: [first, ...others] } : { ok: false, problem: excess };
}

/** In the order they were found, so that a plan reads the same however they were drawn. */
function drawn(from: readonly AimedFault[], count: number, random: Random): AimedFault[] {
  const left = from.map((_, index) => index);
  const taken = new Set<number>();
  while (taken.size < count) {
    const at = Math.floor(random.number() * left.length);
    for (const index of left.splice(at, 1)) taken.add(index);
  }
  return from.filter((_, index) => taken.has(index));
}

function beyond(chosen: readonly AimedFault[], cap: BlastCap, topology: Topology): string | undefined {
  if (cap.maxTargets !== undefined && chosen.length > cap.maxTargets) {
    return `hits ${chosen.length} targets, and stampede.config.json allows ${cap.maxTargets}; set limit, or name fewer`;
  }
  const { maxPercent } = cap;
  if (maxPercent === undefined) return undefined;
  const roleOf = new Map(topology.nodes.map(({ name, role }) => [name, role]));
  for (const role of new Set(chosen.flatMap(({ target }) => roleOf.get(target) ?? []))) {
    const all = topology.nodes.filter((node) => node.role === role).length;
    const hit = chosen.filter(({ target }) => roleOf.get(target) === role).length;
    const percent = Math.round((hit / all) * 100);
    if (percent > maxPercent) {
      return `hits ${hit} of ${all} nodes of role ${role} (${percent} %), and stampede.config.json allows ${maxPercent} %`;
    }
  }
  return undefined;
}

/** A selector that finds nothing protects nothing: that is a mistake, not a precaution. */
function namesOf(
  selectors: readonly string[],
  topology: Topology,
): { ok: true; names: Set<string> } | { ok: false; problem: string } {
  const names = new Set<string>();
  for (const selector of selectors) {
    const nodes = selectNodes(selector, topology);
    const links = selectLinks(selector, topology);
    if (!nodes.ok && !links.ok) return { ok: false, problem: `never '${selector}': ${nodes.problem}` };
    if (nodes.ok) for (const { name } of nodes.nodes) names.add(name);
    if (links.ok) for (const { name } of links.links) names.add(name);
  }
  return { ok: true, names };
}
