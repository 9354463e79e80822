import type { ObjectivePlan } from '../scenario/plan.ts';
import { holds } from '../units.ts';
import type { Evidence } from './evidence.ts';
import type { FaultResult } from './verdict.ts';
import { secondsOf } from './windows.ts';

/**
 * When a fault was noticed, and when the system was itself again.
 *
 * Noticed: the first second after the proof in which an objective on requests was broken by that second alone.
 * Itself again: the first of SUSTAINED_SECONDS seconds in a row in which every watched request is back in its steady band:
 * its p95 below 1.5 times what 99 % of the seconds before the first fault had, plus 5 ms, and its share of errors at
 * most one percentage point above theirs. p95, because a second holds too few samples for more.
 */
export function noticed(
  fault: FaultResult,
  objectives: readonly ObjectivePlan[],
  evidence: Evidence,
): { tMs: number; by: string } | undefined {
  if (fault.provenMs === undefined) return undefined;
  const from = Math.floor(fault.provenMs / 1_000);
  const to = Math.ceil((fault.undoRequestedMs ?? fault.provenMs) / 1_000);
  for (let second = from; second < to; second++) {
    for (const objective of objectives) {
      if (objective.source !== 'client' || objective.measure.kind === 'rate') continue;
      const seen = evidence.response(objective.of, [second]);
      if (seen.count === 0) continue;
      const { measure } = objective;
      const value =
        measure.kind === 'quantile'
          ? seen.quantile(measure.q)
          : measure.kind === 'max'
            ? seen.maxMs
            : seen.errors / seen.count;
      if (value !== null && !holds(value, objective.op, objective.limitValue)) {
        return { tMs: Math.max((second + 1) * 1_000, fault.provenMs), by: objective.name };
      }
    }
  }
  return undefined;
}

export function recovered(
  fault: FaultResult,
  calm: { fromMs: number; toMs: number },
  loadToMs: number,
  watched: readonly string[],
  evidence: Evidence,
): number | undefined {
  if (fault.cleanMs === undefined) return undefined;
  const bands = watched.map((name) => bandOf(name, secondsOf([calm]), evidence)).filter((band) => band !== undefined);
  if (bands.length === 0) return undefined;
  const from = Math.ceil(fault.cleanMs / 1_000);
  const to = Math.floor(loadToMs / 1_000);
  let since: number | undefined;
  for (let second = from; second < to; second++) {
    const inside = bands.every((band) => within(band, second, evidence));
    since = inside ? (since ?? second) : undefined;
    if (since !== undefined && second - since + 1 >= SUSTAINED_SECONDS) return since * 1_000;
  }
  return undefined;
}

const SUSTAINED_SECONDS = 3;

interface Band {
  name: string;
  p95Ms: number;
  errorRatio: number;
}

function bandOf(name: string, seconds: readonly number[], evidence: Evidence): Band | undefined {
  const p95s: number[] = [];
  let errorRatio = 0;
  for (const second of seconds) {
    const seen = evidence.response(name, [second]);
    const p95 = seen.quantile(0.95);
    if (p95 === null) continue;
    p95s.push(p95);
    errorRatio = Math.max(errorRatio, seen.errors / seen.count);
  }
  const usual = p95s.sort((a, b) => a - b)[Math.max(0, Math.ceil(p95s.length * 0.99) - 1)];
  return usual === undefined ? undefined : { name, p95Ms: usual * 1.5 + 5, errorRatio: errorRatio + 0.01 };
}

/** A second without a single request says nothing against having recovered. */
function within(band: Band, second: number, evidence: Evidence): boolean {
  const seen = evidence.response(band.name, [second]);
  const p95 = seen.quantile(0.95);
  return p95 === null || (p95 <= band.p95Ms && seen.errors / seen.count <= band.errorRatio);
}
