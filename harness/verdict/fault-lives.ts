import type { JournalLine } from '../journal.ts';
import type { FaultPlan } from '../scenario/plan.ts';
import type { FaultResult } from './verdict.ts';

/** Reads each planned fault's life from the journal. Whether it was noticed and recovered from is not known yet. */
export function faultLives(plans: readonly FaultPlan[], events: readonly JournalLine[]): FaultResult[] {
  return plans.map((plan) => {
    const own = events.filter((event) => event.kind === 'fault').filter((event) => event.name === plan.name);
    const at = (state: string) => own.find((event) => event.state === state);
    const requested = at('requested');
    const result: FaultResult = {
      name: plan.name,
      kind: plan.kind,
      target: own[0]?.target ?? (plan.targets?.join(', ') || plan.kind),
      settings: plan.settings,
      outcome: 'passed',
      requestedMs: requested?.tMs ?? plan.atMs,
    };
    const times = {
      appliedMs: 'applied',
      provenMs: 'proven',
      undoRequestedMs: 'undo requested',
      undoneMs: 'undone',
      cleanMs: 'clean',
    } as const;
    for (const [key, state] of Object.entries(times) as [keyof typeof times, string][]) {
      const event = at(state);
      if (event) result[key] = event.tMs;
    }
    const proof = at('proven') ?? at('unproven');
    if (proof?.evidence !== undefined) result.proof = proof.evidence;

    const failed = at('failed');
    const skipped = at('skipped');
    const lost = at('effect lost');
    const notClean = at('not clean');
    if (notClean || (result.appliedMs !== undefined && result.cleanMs === undefined)) {
      result.outcome = 'failed';
      result.note = `it was not undone: ${notClean?.evidence ?? 'the run ended before it was'}`;
    } else if (skipped) {
      result.outcome = 'inconclusive';
      result.note = `it was not injected: ${skipped.evidence ?? 'its condition never held'}`;
    } else if (!requested) {
      result.outcome = 'inconclusive';
      result.note = 'it was never injected: the run ended before its time';
    } else if (failed) {
      result.outcome = 'inconclusive';
      result.note = failed.evidence ?? 'it could not be injected';
    } else if (lost) {
      result.outcome = 'inconclusive';
      result.note = `it lost its effect before its end: ${lost.evidence ?? 'which could not be measured any more'}`;
    } else if (result.provenMs === undefined) {
      result.outcome = 'inconclusive';
      result.note = `it had no effect that could be proven: ${proof?.evidence ?? 'the run ended before its proof'}`;
    }
    return result;
  });
}
