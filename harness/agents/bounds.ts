import type { Plan } from '../scenario/plan.ts';

const USUAL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10];

/**
 * The bounds of an agent's latency buckets, in seconds: the usual ones, and the limit of every promise on latency, so that
 * the share of requests within a limit can be asked in PromQL without interpolation.
 */
export function boundsSeconds({ objectives }: Pick<Plan, 'objectives'>): number[] {
  const limits = objectives.flatMap((objective) =>
    objective.source === 'client' && objective.unit === 'ms' && objective.limitValue > 0
      ? [objective.limitValue / 1_000]
      : [],
  );
  return [...new Set([...USUAL_SECONDS, ...limits])].sort((a, b) => a - b);
}
