import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for another one that got the same id later. */
export interface ProcessMark {
  pid: number;
  /** When it started, in the operating system's own terms; only good for comparing. Empty when unknown. */
  started: string;
}

export function markOf(pid: number): ProcessMark {
  return { pid, started: startOf(pid) ?? '' };
}

export function isAlive({ pid, started }: ProcessMark): boolean {
  const now = startOf(pid);
  return now !== undefined && now === started;
}

function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // Field 22, counted after the command's closing parenthesis, because a command may hold spaces; Z is a zombie.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
