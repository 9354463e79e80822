import { catalogue } from '../../chaos/catalogue.ts';
import { heal, pendingUndos } from '../../chaos/undo-journal.ts';
import { EXIT } from '../errors.ts';
import { undoDirectory } from '../places.ts';
import type { CommandResult } from './command.ts';

/** `stampede chaos undo`: heals what runs that are no longer alive left behind; with `all`, what live ones hold too. */
export async function chaosUndo({ all }: { all: boolean }): Promise<CommandResult> {
  const healed = await heal(undoDirectory, { all, deadlineMs: 15_000 });
  const held = pendingUndos(undoDirectory).filter((entry) => entry.ownerAlive && !all);
  const lines = healed.map(
    (one) => `${one.clean ? '✓' : '✗'} ${one.fault} on ${one.target}, left by run ${one.run}: ${one.evidence}`,
  );
  if (healed.length === 0) lines.push('Nothing is left to undo.');
  for (const entry of held)
    lines.push(
      `– ${entry.fault} on ${entry.target} belongs to run ${entry.run}, which is alive (pid ${entry.owner.pid}); --all undoes it`,
    );
  const clean = healed.every((one) => one.clean);
  return { exitCode: clean ? EXIT.passed : EXIT.environment, text: `${lines.join('\n')}\n`, json: { healed, held } };
}

/** `stampede chaos status`: faults that are, or may be, in place. */
export function chaosStatus(): CommandResult {
  const pending = pendingUndos(undoDirectory);
  const lines = pending.map((entry) => {
    const owner = entry.ownerAlive
      ? `run ${entry.run}, pid ${entry.owner.pid}`
      : `run ${entry.run}, which is gone: stampede chaos undo heals it`;
    return `${entry.fault} on ${entry.target} (${owner})`;
  });
  return { exitCode: 0, text: `${lines.join('\n') || 'No fault is in place.'}\n`, json: { pending } };
}

/** `stampede chaos catalog`: every fault there is. */
export function chaosCatalog(): CommandResult {
  const lines = catalogue.flatMap(({ kind, about, fields, needs, provenBy, undoneBy }) => [
    kind,
    `  ${about}`,
    ...fields.map(({ name, about: meaning }) => `  ${name.padEnd(10)}${meaning}`),
    `  needs     ${needs}`,
    `  proven by ${provenBy}`,
    `  undone by ${undoneBy}`,
    '',
  ]);
  const json = catalogue.map(({ bind: _, ...entry }) => entry);
  return { exitCode: 0, text: lines.join('\n'), json };
}
