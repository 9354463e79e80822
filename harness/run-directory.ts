import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { EXIT, messageOf, StampedeError } from './errors.ts';
import { RUN_FILES } from './read-run.ts';
import type { Plan } from './scenario/plan.ts';

/** Makes `reports/runs/<id>/` with the plan in it. The id is the UTC time, so that runs sort by age. */
export function createRunDirectory(runs: string, plan: Plan, now: Date): { id: string; directory: string } {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  try {
    mkdirSync(runs, { recursive: true });
    for (let count = 1; ; count++) {
      const id = count === 1 ? stamp : `${stamp}-${count}`;
      const directory = join(runs, id);
      if (!makeNew(directory)) continue;
      writeFileSync(join(directory, RUN_FILES.plan), `${JSON.stringify(plan, null, 2)}\n`);
      return { id, directory };
    }
  } catch (error) {
    throw outputError(runs, error);
  }
}

export function outputError(directory: string, error: unknown): StampedeError {
  return new StampedeError(
    'env/output',
    `The run's files cannot be written below ${relative(process.cwd(), directory) || directory}.`,
    {
      exitCode: EXIT.environment,
      facts: [messageOf(error)],
      hint: 'free some space, or make the folder writable',
      cause: error,
    },
  );
}

/** The directory of a run named by its id, the beginning of its id, a path, or `last`. */
export function findRun(runs: string, name: string): string {
  if (isDirectory(join(name, '.')) && name !== 'last') return name;
  const ids = isDirectory(runs)
    ? readdirSync(runs)
        .filter((id) => isDirectory(join(runs, id)))
        .sort()
    : [];
  const found = name === 'last' ? ids.slice(-1) : ids.filter((id) => id === name || id.startsWith(name));
  const [only, ...more] = found.includes(name) ? [name] : found;
  if (only !== undefined && more.length === 0) return join(runs, only);
  const why =
    only === undefined
      ? `There is no run ${name === 'last' ? 'yet' : `'${name}'`}.`
      : `'${name}' is the beginning of ${found.length} runs.`;
  throw new StampedeError('run/none', why, {
    exitCode: EXIT.usage,
    facts: found.length > 1 ? found.slice(0, 10) : ids.slice(-5).map((id) => `there is: ${id}`),
    hint: 'give an id, the beginning of one, a path, or last',
  });
}

function makeNew(directory: string): boolean {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
