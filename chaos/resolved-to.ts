import type { Resolved } from './fault.ts';

/** What was found; when that is nothing, it is a problem. */
export function resolvedTo<Target>(found: readonly Target[], problem: string): Resolved<Target> {
  const [first, ...others] = found;
  return first === undefined ? { ok: false, problem } : { ok: true, targets: [first, ...others] };
}
