import { join } from 'node:path';
import { scanResidue } from '../../chaos/residue.ts';
import { messageOf } from '../errors.ts';
import { type Journal, readOperations } from '../journal.ts';
import { invariants } from '../oracles/invariants.ts';
import { RUN_FILES } from '../read-run.ts';
import type { Plan } from '../scenario/plan.ts';
import type { Target } from '../targets/target.ts';

/** With the load over and all faults undone: is anything left behind, and did the system keep its promises? */
export async function lookAround(plan: Plan, target: Target, directory: string, journal: Journal): Promise<void> {
  const topology = target.topology();
  journal.write({ kind: 'residue', found: await scanResidue(topology, AbortSignal.timeout(10_000)) });
  for (const name of plan.invariants) {
    const oracle = invariants[name];
    if (!oracle) continue;
    const evidence = {
      stores: topology.stores,
      operations: readOperations(join(directory, RUN_FILES.operations)),
      signal: AbortSignal.timeout(60_000),
    };
    const finding = await oracle(evidence).catch((error: unknown) => ({
      outcome: 'inconclusive' as const,
      sentence: `the check itself failed: ${messageOf(error)}`,
      counts: {},
      examples: [],
    }));
    journal.write({ kind: 'invariant', name, ...finding });
  }
}
