import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine, as the operating system lists it now. Remains that nobody has waited for are left out. */
export interface ListedProcess {
  pid: number;
  parent: number;
  /** One letter: R runs, S sleeps, D waits for a device, T is stopped. */
  state: string;
}

/** All of them. A process that ends meanwhile may be missing. */
export function allProcesses(): ListedProcess[] {
  return process.platform === 'linux' ? listedByProc() : listedByPs();
}

/** One of them, as it is now. */
export function processNow(pid: number): ListedProcess | undefined {
  return process.platform === 'linux' ? readStat(pid) : listedByPs().find((one) => one.pid === pid);
}

/** The command and its arguments; empty when there is no such process, or when it is not for us to see. */
export function commandLine(pid: number): string[] {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
  } catch {
    return [];
  }
}

function listedByProc(): ListedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((found) => found !== undefined);
}

function readStat(pid: number): ListedProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in brackets may hold anything, blanks and brackets included.
    const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : { pid, parent: Number(parent), state };
  } catch {
    return undefined;
  }
}

function listedByPs(): ListedProcess[] {
  return parsePs(execFileSync('ps', ['-axo', 'pid=,ppid=,state='], { encoding: 'utf8' }));
}

/** Lines of `ps -o pid=,ppid=,state=`. */
export function parsePs(text: string): ListedProcess[] {
  return text.split('\n').flatMap((line) => {
    const [pid = '', parent, state = ''] = line.trim().split(/\s+/);
    if (pid === '' || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), state: state.slice(0, 1) }];
  });
}
