import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What processes have had of the CPU since they began. */
export interface CpuTime {
  ranMs: number;
  /** Ready to run, with somebody else running. Only Linux tells. */
  waitedMs: number | undefined;
}

/** Of all threads of these processes together; those that have gone count for nothing. */
export function cpuTimeOf(pids: readonly number[]): CpuTime {
  return process.platform === 'linux' ? timedByProc(pids) : timedByPs(pids);
}

/** The processors a process may use, as `0-1,4`; `undefined` where the system does not say. */
export function cpusOf(pid: number | 'self'): string | undefined {
  try {
    return /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** /proc/<pid>/task/<tid>/schedstat: nanoseconds on a CPU, nanoseconds waiting for one. */
function timedByProc(pids: readonly number[]): CpuTime {
  let ranNs = 0;
  let waitedNs = 0;
  for (const pid of pids) {
    for (const thread of threadsOf(pid)) {
      const [ran, waited] = read(`/proc/${pid}/task/${thread}/schedstat`).split(' ').map(Number);
      ranNs += ran ?? 0;
      waitedNs += waited ?? 0;
    }
  }
  return { ranMs: ranNs / 1e6, waitedMs: waitedNs / 1e6 };
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '0 0';
  }
}

function timedByPs(pids: readonly number[]): CpuTime {
  try {
    const text = execFileSync('ps', ['-o', 'time=', '-p', pids.join(',')], { encoding: 'utf8' });
    return { ranMs: parsePsTime(text), waitedMs: undefined };
  } catch {
    // None of them is there any more.
    return { ranMs: 0, waitedMs: undefined };
  }
}

/** Lines of `ps -o time=` added up, in ms: `[days-][hours:]minutes:seconds`. */
export function parsePsTime(text: string): number {
  let sec = 0;
  for (const line of text.trim().split('\n')) {
    const [days, clock = ''] = line.includes('-') ? line.split('-') : ['0', line];
    sec += clock.split(':').reduce((total, part) => total * 60 + Number(part), 0) + Number(days) * 86_400;
  }
  return sec * 1_000;
}
