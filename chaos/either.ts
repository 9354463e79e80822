import type { FaultKind, FaultTarget, Renewal, Resolved } from './fault.ts';
import { resolvedTo } from './resolved-to.ts';
import { selectNodes } from './select-nodes.ts';

type OnEither<P, C> = FaultTarget & ({ on: 'process'; target: P } | { on: 'container'; target: C });

/** One fault with two drivers: on nodes that are processes by their supervisor, on containers by their engine. */
export function either<Params extends { node: string }, P extends FaultTarget, C extends FaultTarget>(
  process: FaultKind<Params, P>,
  container: FaultKind<Params, C>,
): FaultKind<Params, OnEither<P, C>> {
  return {
    kind: process.kind,
    family: process.family,
    about: process.about,
    needs: `${process.needs}, or ${container.needs}`,
    provenBy: `${process.provenBy}; of a container: ${container.provenBy}`,
    undoneBy: `${process.undoneBy}; of a container: ${container.undoneBy}`,
    params: process.params,

    resolve(params, topology): Resolved<OnEither<P, C>> {
      const selected = selectNodes(params.node, topology);
      if (!selected.ok) return selected;
      const targets: OnEither<P, C>[] = [];
      for (const { name, by } of selected.nodes) {
        const one = { ...params, node: name };
        if ('container' in by) {
          const resolved = container.resolve(one, topology);
          if (!resolved.ok) return resolved;
          for (const target of resolved.targets) targets.push({ ...aimedAt(target), on: 'container', target });
        } else {
          const resolved = process.resolve(one, topology);
          if (!resolved.ok) return resolved;
          for (const target of resolved.targets) targets.push({ ...aimedAt(target), on: 'process', target });
        }
      }
      return resolvedTo(targets, `nothing is '${params.node}'`);
    },

    settings: process.settings,
    async prepare(params, aimed, signal) {
      if (aimed.on === 'process') await process.prepare?.(params, aimed.target, signal);
      else await container.prepare?.(params, aimed.target, signal);
    },
    undoOf: (params, aimed, id) =>
      aimed.on === 'process' ? process.undoOf(params, aimed.target, id) : container.undoOf(params, aimed.target, id),
    baseline: (aimed, signal) =>
      aimed.on === 'process' ? process.baseline(aimed.target, signal) : container.baseline(aimed.target, signal),
    apply: (params, aimed, how) =>
      aimed.on === 'process' ? process.apply(params, aimed.target, how) : container.apply(params, aimed.target, how),
    ...(process.renew || container.renew
      ? {
          async renew(params: Params, aimed: OnEither<P, C>, how: Renewal) {
            if (aimed.on === 'process') await process.renew?.(params, aimed.target, how);
            else await container.renew?.(params, aimed.target, how);
          },
        }
      : {}),
    lasts: (params) => (process.lasts?.(params) ?? true) && (container.lasts?.(params) ?? true),
    prove: (params, aimed, before, signal) =>
      aimed.on === 'process'
        ? process.prove(params, aimed.target, before, signal)
        : container.prove(params, aimed.target, before, signal),
  };
}

function aimedAt({ name, takes }: FaultTarget): FaultTarget {
  return { name, takes };
}
