import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { PROFILES } from '../../../target-app/compose/layout.ts';

/** What we keep of a stack, in the checkout's own `.stampede/compose`, so that two checkouts never meet. */
export interface StackFiles {
  /** The Compose project: the name of everything of ours. */
  project: string;
  env: string;
  topology: string;
  state: string;
  lock: string;
  prometheus: string;
  alertmanager: string;
}

const stateSchema = z.object({
  entry: z.string(),
  prometheus: z.string(),
  observe: z.object({ host: z.string(), port: z.number() }),
  profiles: z.array(z.enum(PROFILES)),
  startedAt: z.string(),
});

export type StackState = z.infer<typeof stateSchema>;

export function stackFiles(checkout: string): StackFiles {
  const directory = join(resolve(checkout), '.stampede/compose');
  return {
    project: projectOf(checkout),
    env: join(directory, 'stack.env'),
    topology: join(directory, 'topology.json'),
    state: join(directory, 'state.json'),
    lock: join(directory, 'start.lock'),
    prometheus: join(directory, 'prometheus.yml'),
    alertmanager: join(directory, 'alertmanager.yml'),
  };
}

export function projectOf(checkout: string): string {
  return `stampede-${createHash('sha256').update(resolve(checkout)).digest('hex').slice(0, 8)}`;
}

/** Written last, when all is ready: a stack without it is not up, whatever containers there are. */
export function writeState(files: StackFiles, state: StackState): void {
  mkdirSync(join(files.state, '..'), { recursive: true });
  writeFileSync(files.state, `${JSON.stringify(state, null, 2)}\n`);
}

export function readState(files: StackFiles): StackState | undefined {
  if (!existsSync(files.state)) return undefined;
  const parsed = stateSchema.safeParse(parseJson(readFileSync(files.state, 'utf8')));
  return parsed.success ? parsed.data : undefined;
}

export function forgetStack(files: StackFiles): void {
  rmSync(join(files.state, '..'), { recursive: true, force: true });
}

/** As `docker compose --env-file` reads it, for whoever wants to look at the stack by hand. */
export function writeEnv(files: StackFiles, variables: Readonly<Record<string, string>>): void {
  mkdirSync(join(files.env, '..'), { recursive: true });
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const how = `# docker compose -p ${files.project} --env-file .stampede/compose/stack.env logs lb`;
  writeFileSync(files.env, `${[how, ...lines].join('\n')}\n`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
