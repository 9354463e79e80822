import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * A process id alone says little: the system hands it out again. With the time the process started it names one process
 * for good. The text is only ever compared with another one from here.
 */
export interface ProcessIdentity {
  pid: number;
  started: string;
}

/** `undefined` when there is no such process, or only its remains that nobody has waited for. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startedOnLinux(pid) : startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return identify(pid)?.started === started;
}

/** Kills it for certain, stopped processes included, unless it has gone and the number stands for another one. */
export function killForCertain(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch {
    // Gone between the look and the signal.
  }
}

/**
 * Every process that works in a folder. PostgreSQL's processes all do, and each is a session of its own, so the folder
 * is the one thing that still ties them to a data directory once the postmaster is dead. Only Linux can tell.
 */
export function processesIn(folder: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && workingFolder(name) === folder)
    .map((name) => identify(Number(name)))
    .filter((identity) => identity !== undefined);
}

function workingFolder(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/<pid>/stat: clock ticks from boot to start. Field 3 is the state, Z for the remains. */
function startedOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in field 2 may hold anything, blanks and brackets included; it ends at the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startedByPs(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
