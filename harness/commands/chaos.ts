import { setTimeout as sleep } from 'node:timers/promises';
import { catalogue } from '../../chaos/catalogue.ts';
import { heal } from '../../chaos/heal.ts';
import { pendingUndos } from '../../chaos/undo-journal.ts';
import { EXIT } from '../errors.ts';
import { undoDirectory } from '../places.ts';
import type { CommandResult } from './command.ts';
import { liveCommand, liveRuns } from './live.ts';

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

/**
 * `stampede chaos stop`: ends every run and every injection of this directory: all faults are undone at once. Tells what is left
 * when that takes longer than it may.
 */
export async function chaosStop({ reason }: { reason: string }): Promise<CommandResult> {
  const fromMs = performance.now();
  const runs = liveRuns();
  const injections = new Set(
    pendingUndos(undoDirectory).flatMap(({ run, owner, ownerAlive }) =>
      ownerAlive && !runs.some(({ id }) => id === run) ? [owner.pid] : [],
    ),
  );
  const told: string[] = [];
  for (const run of runs) {
    await liveCommand({ do: 'stop', reason }, run.id);
    told.push(`run ${run.id} (${run.scenario}) ends: ${reason}`);
  }
  for (const pid of injections) {
    process.kill(pid, 'SIGINT');
    told.push(`the injection of pid ${pid} ends`);
  }
  if (told.length === 0) told.push('No run and no injection is under way here.');
  while (pendingUndos(undoDirectory).length > 0 && performance.now() - fromMs < STOP_PATIENCE_MS) await sleep(20);
  const left = pendingUndos(undoDirectory);
  const tookMs = Math.round(performance.now() - fromMs);
  if (told.length > 0 && left.length === 0) told.push(`no fault is in place (${tookMs} ms)`);
  for (const { fault, target, run } of left) told.push(`✗ ${fault} on ${target} (${run}) is still being undone`);
  return {
    exitCode: left.length === 0 ? EXIT.passed : EXIT.environment,
    text: `${told.join('\n')}\n`,
    json: { runs: runs.map(({ id }) => id), injections: [...injections], tookMs, left },
  };
}

const STOP_PATIENCE_MS = 20_000;

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
