import { type AimedFault, bindFault } from '../../chaos/catalogue.ts';
import { together } from '../../chaos/together.ts';
import type { Topology } from '../../chaos/topology.ts';
import { EXIT, StampedeError } from '../errors.ts';
import type { FaultPlan } from '../scenario/plan.ts';

/** The targets of a plan's fault, looked up once more in the topology as it is: what the plan saw may have been on paper. */
export function aim({ name, kind, params, targets }: FaultPlan, topology: Topology): AimedFault {
  const bound = bindFault(kind, params);
  const resolved = bound.ok ? bound.fault.resolve(topology) : undefined;
  const found = resolved?.ok ? resolved.targets.filter(({ target }) => targets.includes(target)) : [];
  const [first, ...others] = found;
  if (first !== undefined && found.length === targets.length) return together([first, ...others]);
  const problem =
    resolved === undefined
      ? 'its settings are wrong'
      : resolved.ok
        ? `of ${targets.join(', ')} only ${found.map(({ target }) => target).join(', ') || 'nothing'} is there`
        : resolved.problem;
  throw new StampedeError('scenario/fault', `The fault ${name} hits nothing: ${problem}`, { exitCode: EXIT.usage });
}
