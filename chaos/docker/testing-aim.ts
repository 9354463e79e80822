import { type AimedFault, bindFault } from '../catalogue.ts';
import type { Topology } from '../topology.ts';

/** For tests: a topology of containers (node name to container name), and a fault aimed at them. */
export function fakeTopology(engine: { address: string }, nodes: Record<string, string>): Topology {
  return {
    entry: 'http://127.0.0.1',
    nodes: Object.entries(nodes).map(([name, container]) => ({
      name,
      role: 'service',
      by: { container, engine: engine.address },
    })),
    links: [],
    scrapes: [],
    stores: [],
  };
}

/** Without `nodes`, nodes are called as their containers are: the fault's own `node`, `from` and `to`. */
export function aimAt(
  engine: { address: string },
  kind: string,
  params: Record<string, unknown>,
  nodes?: Record<string, string>,
): AimedFault {
  const names = [params.node, params.from, params.to].filter((name) => typeof name === 'string');
  const known = nodes ?? Object.fromEntries(names.map((name) => [name, name]));
  const bound = bindFault(kind, params);
  if (!bound.ok) throw new Error(bound.problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  const resolved = bound.fault.resolve(fakeTopology(engine, known));
  if (!resolved.ok) throw new Error(resolved.problem);
  return resolved.targets[0];
}

export const soon = () => AbortSignal.timeout(10_000);
