import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isAlive } from '../../chaos/process-mark.ts';
import type { Topology } from '../../chaos/topology.ts';
import { choiceText, EMBEDDED, type PartChoice, sameChoice } from '../../target-app/parts/choice.ts';
import { CORE_DB, FAULT_PROXY, partNodes, roleNodes, SHARDS } from '../../target-app/supervisor/layout.ts';
import { linkName, linksOf } from '../../target-app/supervisor/links.ts';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import { packageRoot } from '../places.ts';
import { readTopology, type Target } from './target.ts';

/** What the reference target's supervisor reports, a line each. */
const eventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('starting'), node: z.string() }),
  z.object({ event: z.literal('node-ready'), node: z.string(), tookMs: z.number() }),
  z.object({
    event: z.literal('ready'),
    tookMs: z.number(),
    entry: z.string(),
    control: z.string(),
    topology: z.string(),
  }),
  z.object({
    event: z.literal('node-exited'),
    node: z.string(),
    code: z.number().nullable().optional(),
    signal: z.string().nullable().optional(),
    restarted: z.boolean(),
  }),
  z.object({
    event: z.literal('failed'),
    node: z.string().optional(),
    message: z.string(),
    log: z.array(z.string()).optional(),
  }),
]);

export type TargetEvent = z.infer<typeof eventSchema>;

const stateSchema = z.object({
  supervisorPid: z.number(),
  supervisorStart: z.union([z.string(), z.number()]).transform(String),
  control: z.string(),
  entry: z.string(),
  ready: z.boolean(),
  startedAt: z.string(),
  parts: z.custom<PartChoice>((value) => z.record(z.string(), z.string()).safeParse(value).success).default(EMBEDDED),
});

export type TargetState = z.infer<typeof stateSchema>;

/** The reference target that is up in a directory, if one is. */
export function runningTarget(directory: string): TargetState | undefined {
  const path = join(homeOf(directory), 'state.json');
  if (!existsSync(path)) return undefined;
  const state = stateSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!state.success) return undefined;
  const { supervisorPid, supervisorStart, ready } = state.data;
  return ready && isAlive({ pid: supervisorPid, started: supervisorStart }) ? state.data : undefined;
}

/** Joins the reference target that is up already, or starts one that ends with this process. */
export async function useReference(options: UpOptions): Promise<Target> {
  const running = runningTarget(options.directory);
  if (!running) return startReference({ ...options, tethered: true });
  if (options.parts !== undefined && !sameChoice(options.parts, running.parts)) {
    throw new StampedeError('target/other-parts', 'The reference target is up already, with other parts.', {
      exitCode: EXIT.environment,
      facts: [
        `up:     ${choiceText(running.parts) || 'all embedded'}`,
        `wanted: ${choiceText(options.parts) || 'all embedded'}`,
      ],
      hint: 'stampede target down ends it; without --with the run takes it as it is',
    });
  }
  const path = join(homeOf(options.directory), 'topology.json');
  return {
    entry: running.entry,
    topology: () => readTopology(path),
    gone: new Promise(() => {}),
    ours: false,
    stop: async () => {},
  };
}

/** The reference target before it is up: enough to look names up in. */
export function paperReference(parts: PartChoice = EMBEDDED): Topology {
  const by = { pid: process.pid, control: 'http://127.0.0.1' };
  const api = 'http://127.0.0.1';
  const dsn = api;
  const databases = [...SHARDS.flatMap(({ node, standby }) => [node, standby]), CORE_DB, FAULT_PROXY];
  return {
    entry: 'http://127.0.0.1',
    nodes: [
      ...roleNodes(parts).map(({ name, role }) => ({ name, role, by, ops: api, hooks: api })),
      ...partNodes(parts).map(({ name, role }) => ({ name, role, by })),
      ...databases.map((name) => ({ name, role: 'database', by })),
    ],
    links: linksOf(parts).map(({ from, to, protocol }) => {
      const name = linkName({ from, to });
      return { name, from, to, protocol, toxiproxy: { api, proxy: name } };
    }),
    scrapes: roleNodes(parts).map(({ name, role }) => ({ job: role, url: api, labels: { node: name } })),
    stores: [
      ...SHARDS.map(({ node }) => ({ name: node, kind: 'postgres' as const, holds: ['orders'], dsn })),
      ...SHARDS.map(({ standby }) => ({ name: standby, kind: 'postgres' as const, holds: ['replica'], dsn })),
      ...['queue', 'catalog'].map((name) => ({ name, kind: 'postgres' as const, holds: [name], dsn })),
      { name: 'cache', kind: 'redis', holds: ['cache'], dsn },
    ],
  };
}

export interface UpOptions {
  directory: string;
  /** Of the entry; chosen by the operating system when absent. */
  port?: number;
  mutants?: string[];
  /** What stands behind each port of the shop; all embedded when absent. */
  parts?: PartChoice;
  onEvent: (event: TargetEvent) => void;
  signal: AbortSignal;
}

/** Starts the reference target and waits until it is ready. A tethered one ends when this process does. */
export async function startReference(options: UpOptions & { tethered: boolean }): Promise<Target> {
  const { directory, tethered } = options;
  const proxy = [
    process.execPath,
    join(packageRoot, 'chaos/toxiproxy/main.ts'),
    '-port',
    '0',
    '-proxy-metrics',
    '--tether',
  ];
  const args = [
    join(packageRoot, 'target-app/main.ts'),
    'up',
    '--dir',
    homeOf(directory),
    '--proxy',
    JSON.stringify(proxy),
  ];
  if (options.port !== undefined) args.push('--port', String(options.port));
  if (options.mutants?.length) args.push('--mutants', options.mutants.join(','));
  const parts = choiceText(options.parts ?? EMBEDDED);
  if (parts !== '') args.push('--with', parts);
  if (tethered) args.push('--tether');

  const log = openLogs(directory);
  // A group of its own: the terminal's Ctrl-C is for us, and the target must stay up while we drain and heal.
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: [tethered ? 'pipe' : 'ignore', log.events, log.errors],
  });
  const following = new AbortController();
  const follower = follow(log.eventsPath, child, options.onEvent, following.signal);
  const stop = async () => {
    await end(child);
    following.abort();
  };
  try {
    const ready = await Promise.race([follower.ready, aborted(options.signal)]);
    if (!tethered) {
      following.abort();
      child.unref();
    }
    const gone = new Promise<string>((resolve) =>
      child.once('exit', (code, by) => resolve(by ? `killed by ${by}` : `exit code ${code}`)),
    );
    return { entry: ready.entry, topology: () => readTopology(ready.topology), gone, ours: true, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Ends the reference target of a directory. False when none is up. */
export async function stopReference(directory: string, signal: AbortSignal): Promise<boolean> {
  const running = runningTarget(directory);
  if (!running) return false;
  await fetch(new URL('/stop', running.control), { method: 'POST', signal });
  while (isAlive({ pid: running.supervisorPid, started: running.supervisorStart }))
    await sleep(50, undefined, { signal });
  return true;
}

/** Where the supervisor keeps everything of its own; our logs of it lie beside, because it starts by emptying this. */
function homeOf(directory: string): string {
  return join(directory, 'target');
}

/** Logs are files, so that a target that outlives us does not write into a closed pipe. */
function openLogs(directory: string) {
  try {
    mkdirSync(directory, { recursive: true });
    const eventsPath = join(directory, 'supervisor.ndjson');
    return { eventsPath, events: openSync(eventsPath, 'w'), errors: openSync(join(directory, 'supervisor.log'), 'w') };
  } catch (error) {
    throw new StampedeError('env/target-directory', `The target's directory cannot be written: ${directory}.`, {
      exitCode: EXIT.environment,
      facts: [messageOf(error)],
      hint: 'free some space or set TMPDIR to a directory that can be written',
      cause: error,
    });
  }
}

type Ready = Extract<TargetEvent, { event: 'ready' }>;

/** Reads the supervisor's events as they are written; `ready` settles when it is up or has failed. */
function follow(
  path: string,
  child: ChildProcess,
  onEvent: (event: TargetEvent) => void,
  signal: AbortSignal,
): { ready: Promise<Ready> } {
  const ready = Promise.withResolvers<Ready>();
  ready.promise.catch(() => {});
  const read = async () => {
    let offset = 0;
    let rest = '';
    for (;;) {
      const ended = child.exitCode !== null || child.signalCode !== null;
      if (statSync(path).size > offset) {
        const bytes = readFileSync(path).subarray(offset);
        offset += bytes.length;
        const lines = (rest + bytes.toString('utf8')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const event = eventSchema.safeParse(JSON.parse(line));
          if (!event.success) continue;
          if (event.data.event === 'ready') ready.resolve(event.data);
          if (event.data.event === 'failed') ready.reject(failure(event.data));
          onEvent(event.data);
        }
      } else if (ended) {
        const how = child.signalCode ? `killed by ${child.signalCode}` : `exited with code ${child.exitCode}`;
        ready.reject(
          failure({ event: 'failed', message: `the reference target's supervisor ended: ${how}`, log: tail(path) }),
        );
        return;
      }
      await sleep(50, undefined, { signal });
    }
  };
  read().catch((error: unknown) => ready.reject(error));
  return { ready: ready.promise };
}

function failure({ node, message, log }: Extract<TargetEvent, { event: 'failed' }>): StampedeError {
  const [, cure] = /(?:not on this machine: .*; get them with: )(.*)/.exec(message) ?? [];
  if (cure !== undefined) {
    return new StampedeError('target/parts-missing', `The reference target did not start: ${message.split('; ')[0]}.`, {
      exitCode: EXIT.environment,
      hint: `${cure}, or leave these parts out of --with`,
    });
  }
  const taken = /EADDRINUSE|address already in use|port \d+ is taken/i.test(message);
  return new StampedeError(
    taken ? 'env/port-taken' : 'target/did-not-start',
    `The reference target did not start: ${message}`,
    {
      exitCode: EXIT.environment,
      facts: [...(node === undefined ? [] : [`node: ${node}`]), ...(log ?? []).slice(-20)],
      hint: taken
        ? 'choose another port with --port, or leave it out to get a free one'
        : 'stampede doctor says what this machine lacks',
    },
  );
}

function tail(eventsPath: string): string[] {
  const path = eventsPath.replace(/\.ndjson$/, '.log');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').slice(-20) : [];
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** SIGTERM, and SIGKILL when that is not enough. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(forced);
}

const STOP_MS = 15_000;
