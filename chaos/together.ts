import type { AimedFault } from './catalogue.ts';
import type { Baseline, Proof } from './fault.ts';
import { messageOf } from './message-of.ts';
import { allOf } from './undo.ts';

/**
 * One fault on several targets at once, with one life: applied when all are, proven when all are, clean when all are. What one
 * target needs to measure stays with it.
 */
export function together(faults: readonly [AimedFault, ...AimedFault[]]): AimedFault {
  const [first, ...others] = faults;
  if (others.length === 0) return first;
  const measured = new Map<Baseline, Baseline[]>();
  const all = <Result>(each: (fault: AimedFault, index: number) => Promise<Result>) => Promise.all(faults.map(each));
  return {
    kind: first.kind,
    settings: first.settings,
    target: faults.map(({ target }) => target).join(', '),
    takes: faults.flatMap(({ takes }) => takes),
    async prepare(signal) {
      await all((fault) => fault.prepare(signal));
    },
    // Each under an id of its own: what is ours at one target must not be taken for what is ours at another.
    undoOf: (id) => allOf(faults.map((fault, index) => fault.undoOf(`${id}.${index}`))),

    async baseline(signal) {
      const key: Baseline = {};
      measured.set(key, await all((fault) => fault.baseline(signal).catch((): Baseline => ({}))));
      return key;
    },

    async apply(how) {
      // Every one is tried: the undo step is of all of them, whatever became of each.
      const outcomes = await Promise.allSettled(
        faults.map((fault, index) => fault.apply({ ...how, id: `${how.id}.${index}` })),
      );
      const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      if (failed.length > 0) throw new Error(failed.map(messageOf).join('; '));
    },

    renew: faults.every(({ renew }) => renew)
      ? async (how) => {
          await all(async (fault, index) => fault.renew?.({ ...how, id: `${how.id}.${index}` }));
        }
      : undefined,
    lasts: faults.every(({ lasts }) => lasts),

    async prove(before, signal) {
      const of = (which: 'armed' | 'applied', index: number): Baseline => measured.get(before[which])?.[index] ?? {};
      const proofs = await all((fault, index) =>
        fault.prove({ ...before, armed: of('armed', index), applied: of('applied', index) }, signal),
      );
      return sumOf(proofs);
    },
  };
}

function sumOf(proofs: readonly Proof[]): Proof {
  const missing = proofs.filter(({ proven }) => !proven);
  const telling = missing.length > 0 ? missing : proofs;
  return { proven: missing.length === 0, evidence: telling.map(({ evidence }) => evidence).join('; ') };
}
