import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import { liveDirectory } from '../places.ts';
import type { LiveCommand, LiveRun } from '../running/control-server.ts';
import type { CommandResult } from './command.ts';

/** `stampede users | hold | resume | stop`: tells a run that is under way in this directory what to do. */
export async function liveCommand(command: LiveCommand, wanted: string | undefined): Promise<CommandResult> {
  const run = theLiveRun(wanted);
  const answer = await fetch(run.api, { method: 'POST', body: JSON.stringify(command), signal: soon() }).catch(
    (error: unknown) => {
      throw new StampedeError('live/no-answer', `Run ${run.id} does not answer: ${messageOf(error)}.`, {
        exitCode: EXIT.environment,
      });
    },
  );
  const said = answerSchema.parse(await answer.json());
  if (said.error !== undefined) {
    throw new StampedeError('live/refused', `Run ${run.id} says no: ${said.error}.`, { exitCode: EXIT.usage });
  }
  return { exitCode: EXIT.passed, text: `${run.id}: ${said.done}\n`, json: { run: run.id, done: said.done } };
}

const answerSchema = z.object({ done: z.string().optional(), error: z.string().optional() });

const soon = () => AbortSignal.timeout(5_000);

function theLiveRun(wanted: string | undefined): LiveRun {
  const runs = liveRuns();
  const fitting = wanted === undefined ? runs : runs.filter((run) => run.id.startsWith(wanted));
  const [only, ...more] = fitting;
  if (only && more.length === 0) return only;
  const names = runs.map((run) => `${run.id} (${run.scenario})`);
  if (only) {
    throw new StampedeError('live/many', `${fitting.length} runs are under way: ${names.join(', ')}.`, {
      exitCode: EXIT.usage,
      hint: 'say which one with --run ID',
    });
  }
  const message =
    names.length === 0
      ? 'No run is under way here.'
      : `No run under way is called ${wanted}; there is ${names.join(', ')}.`;
  throw new StampedeError('live/none', message, {
    exitCode: EXIT.usage,
    hint: 'runs are found by the directory they were started in',
  });
}

/** Runs whose process lives; what a killed one left is cleared away. */
export function liveRuns(): LiveRun[] {
  if (!existsSync(liveDirectory)) return [];
  return readdirSync(liveDirectory).flatMap((name) => {
    const path = join(liveDirectory, name);
    try {
      const run = runSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
      process.kill(run.pid, 0);
      return [run];
    } catch {
      rmSync(path, { force: true });
      return [];
    }
  });
}

const runSchema = z.object({ id: z.string(), scenario: z.string(), pid: z.int().positive(), api: z.url() });
