import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Topology } from '../topology.ts';
import { identify, isAlive, killForCertain, type ProcessIdentity, processesIn } from './process-identity.ts';

const stateSchema = z.object({
  version: z.literal(1),
  supervisorPid: z.int().positive(),
  supervisorStart: z.string(),
  control: z.string(),
  entry: z.string(),
  ready: z.boolean(),
  startedAt: z.string(),
  parts: z.record(z.string(), z.string()),
});

export type TargetState = z.infer<typeof stateSchema>;

const pidRecordSchema = z.object({
  pid: z.int().positive(),
  started: z.string(),
  /** The folder it works in, when its children can only be found by that. */
  folder: z.string().optional(),
});

/** The folder everything of a target lives in, and the files in it that say what runs. */
export class TargetDir {
  readonly path: string;
  readonly logs: string;
  readonly topologyFile: string;
  /** The one thing in the folder that outlives a run: compiled modules, which only make the next start quicker. */
  readonly compileCache: string;
  readonly #stateFile: string;
  readonly #pids: string;
  readonly #parts: string;

  constructor(path: string) {
    this.path = path;
    this.logs = join(path, 'logs');
    this.topologyFile = join(path, 'topology.json');
    this.compileCache = join(path, 'compile-cache');
    this.#stateFile = join(path, 'state.json');
    this.#pids = join(path, 'pids');
    // As the system knows it: processes are found by the folder they work in.
    this.#parts = join(existsSync(path) ? realpathSync(path) : path, 'parts');
  }

  /** The supervisor that runs here already, if there is one. */
  aliveSupervisor(): TargetState | undefined {
    const state = readJson(this.#stateFile, stateSchema);
    if (state === undefined) return undefined;
    return isAlive({ pid: state.supervisorPid, started: state.supervisorStart }) ? state : undefined;
  }

  /** Ends what a supervisor left behind that could not clean up, and makes the folder as good as new. */
  async makeFresh(): Promise<void> {
    await this.#reap();
    for (const leftover of [this.logs, this.#pids, this.#parts, this.#stateFile, this.topologyFile]) {
      rmSync(leftover, { recursive: true, force: true });
    }
    for (const folder of [this.logs, this.#pids]) mkdirSync(folder, { recursive: true });
  }

  writeState(state: TargetState): void {
    writeWhole(this.#stateFile, state);
  }

  writeTopology(topology: Topology): void {
    writeWhole(this.topologyFile, topology);
  }

  /** Nothing runs any more. */
  clearState(): void {
    for (const file of [this.#stateFile, this.topologyFile]) rmSync(file, { force: true });
  }

  /** Where a real part keeps everything of its own. */
  partFolder(node: string): string {
    return join(this.#parts, node);
  }

  recordProcess(node: string, pid: number, folder?: string): void {
    const identity = identify(pid);
    if (identity === undefined) return;
    writeWhole(join(this.#pids, `${node}.json`), folder === undefined ? identity : { ...identity, folder });
  }

  forgetProcess(node: string): void {
    rmSync(join(this.#pids, `${node}.json`), { force: true });
  }

  async #reap(): Promise<void> {
    const victims: ProcessIdentity[] = [];
    for (const file of filesIn(this.#pids)) {
      const record = readJson(join(this.#pids, file), pidRecordSchema);
      if (record === undefined) continue;
      victims.push(record);
      if (record.folder !== undefined) victims.push(...processesIn(record.folder), ...postmasterOf(record.folder));
    }
    await endAll(victims);
  }
}

/** Kills them and waits until they are gone, so that their ports and files are free. */
export async function endAll(victims: readonly ProcessIdentity[]): Promise<void> {
  for (const victim of victims) killForCertain(victim);
  const deadlineMs = Date.now() + 5_000;
  while (victims.some(isAlive) && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The server that says in its data directory that it runs there, if it does: line 1 is its pid, line 2 the folder. */
function postmasterOf(folder: string): ProcessIdentity[] {
  try {
    const [pid = '', dataDir = ''] = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
    const identity = identify(Number(pid));
    return dataDir === folder && identity !== undefined && processesIn(folder).some((one) => one.pid === identity.pid)
      ? [identity]
      : [];
  } catch {
    return [];
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

/** `undefined` when it is missing or not what we write: then there is nothing to go by. */
function readJson<Value>(file: string, schema: z.ZodType<Value>): Value | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Whoever reads the file meets the old content or the new, never half of it. */
function writeWhole(file: string, content: unknown): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(draft, file);
}
