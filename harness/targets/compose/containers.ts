import { z } from 'zod';
import { EXIT, StampedeError } from '../../errors.ts';
import type { Docker } from './docker.ts';
import { runProgram } from './run-program.ts';

/** A container of the stack, as it is now. */
export interface Container {
  /** Its name for Docker. */
  name: string;
  /** Its service: the node's name. */
  service: string;
  /** Docker's word for it: `running`, `exited`, `paused`, ... */
  state: string;
  exitCode: number;
  startedAt: string;
}

const inspectSchema = z.array(
  z.object({
    Name: z.string().transform((name) => name.replace(/^\//, '')),
    State: z.object({ Status: z.string(), ExitCode: z.number(), StartedAt: z.string() }),
    Config: z.object({ Labels: z.record(z.string(), z.string()) }),
  }),
);

const SERVICE = 'com.docker.compose.service';

export async function containersOf({ docker }: Docker, project: string, signal?: AbortSignal): Promise<Container[]> {
  const ids = await idsOf(docker, 'ps', project, signal);
  if (ids.length === 0) return [];
  // One of them may go between the two calls, when somebody takes the stack down.
  const text = await docker('look at its containers', ['container', 'inspect', ...ids], signal);
  return inspectSchema.parse(JSON.parse(text)).map(({ Name, State, Config }) => ({
    name: Name,
    service: Config.Labels[SERVICE] ?? '',
    state: State.Status,
    exitCode: State.ExitCode,
    startedAt: State.StartedAt,
  }));
}

/** The last lines that a container has printed. */
export async function lastLines(container: string, signal?: AbortSignal): Promise<string[]> {
  // Containers write to both streams, and Docker keeps them apart.
  const ended = await runProgram(['docker', 'logs', '--tail', String(LOG_LINES), container], signal ? { signal } : {});
  return [...ended.stdout.split('\n'), ...ended.stderr].filter((line) => line.trim() !== '').slice(-LOG_LINES);
}

const LOG_LINES = 20;

/**
 * Removes every container, network and volume with the project's label, and nothing else. Returns how many there were.
 * @throws StampedeError when something of ours is held by somebody else
 */
export async function removeAll({ docker }: Docker, project: string): Promise<number> {
  let removed = 0;
  const kinds = [
    { list: 'ps', remove: ['container', 'rm', '--force', '--volumes'], what: 'containers' },
    { list: 'network', remove: ['network', 'rm'], what: 'networks' },
    { list: 'volume', remove: ['volume', 'rm', '--force'], what: 'volumes' },
  ] as const;
  for (const { list, remove, what } of kinds) {
    // Whoever was interrupted while it created them may still be at it.
    for (let tries = 0; tries < REMOVE_TRIES; tries++) {
      const ids = await idsOf(docker, list, project);
      if (ids.length === 0) break;
      if (tries === REMOVE_TRIES - 1) throw held(what, ids, project);
      await docker(`remove its ${what}`, [...remove, ...ids]).catch((error: unknown) => {
        if (tries === REMOVE_TRIES - 2) throw error;
      });
      if (tries === 0) removed += ids.length;
    }
  }
  return removed;
}

const REMOVE_TRIES = 5;

async function idsOf(
  docker: Docker['docker'],
  kind: 'ps' | 'network' | 'volume',
  project: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const list = kind === 'ps' ? ['ps', '--all'] : [kind, 'ls'];
  const label = `label=com.docker.compose.project=${project}`;
  const text = await docker('list what is there', [...list, '--quiet', '--filter', label], signal);
  return text.split('\n').filter((line) => line !== '');
}

function held(what: string, ids: readonly string[], project: string): StampedeError {
  return new StampedeError('target/not-down', `${ids.length} ${what} of ${project} cannot be removed.`, {
    exitCode: EXIT.environment,
    facts: [...ids],
    hint: `is something of yours connected to them? docker ${what.slice(0, -1)} inspect tells`,
  });
}
