import type { FakeContainer } from './testing-fake-container.ts';
import type { FakeEngine } from './testing-fake-engine.ts';

/** What helper containers would have the kernel do, as far as scripts of ours ask for it. */
export interface FakeKernel {
  /** Marks of the rules that are there. */
  rules: Set<string>;
  rateLimited: boolean;
  diskBytesPerSec: number;
  /** Whether a rule, or a limit, does anything. */
  works: boolean;
  lacks: string[];
}

export function fakeKernel(engine: FakeEngine): FakeKernel {
  const kernel: FakeKernel = { rules: new Set(), rateLimited: false, diskBytesPerSec: 0, works: true, lacks: [] };
  let counted = 0;
  engine.onProgram = (argv, container) => {
    const script = argv.at(-1) ?? '';
    const says = (output: string) => ({ exitCode: 0, output });
    if (script.includes('192.0.2.1')) return says(trials(kernel));
    if (script.includes('nsenter')) return says(marks(kernel));
    if (script.includes('oom_score_adj')) return outOfMemory(kernel, container);
    if (script.includes('blkio') || script.includes('cgroup.procs')) return says(disk(kernel, script));
    if (script.includes("sed 's/^-A/-D/'")) {
      kernel.rules.clear();
      kernel.rateLimited = false;
      return says('');
    }
    if (script.includes('tbf rate')) kernel.rateLimited = kernel.works;
    for (const [, mark] of script.matchAll(/-I (?:INPUT|OUTPUT) 1 .*?--comment (stampede:[^ ]+)/g)) {
      if (mark !== undefined && kernel.works) kernel.rules.add(mark);
    }
    counted += 100;
    return says(`${rates(kernel, script, counted)}${pings(kernel, script)}${counts(kernel, script, counted)}`);
  };
  return kernel;
}

function trials({ lacks }: FakeKernel): string {
  const all = ['tbf', 'netem', 'drop', 'loss', 'reject'];
  return all
    .map((name) => (lacks.includes(name) ? `${name} no Specified qdisc kind is unknown.` : `${name} yes`))
    .join('\n');
}

function marks({ rules, rateLimited }: FakeKernel): string {
  const lines = [...rules].map((mark) => `0 -A INPUT -m comment --comment "${mark}" -j DROP`);
  return [...lines, ...(rateLimited ? ['0 qdisc tbf 5ade: dev eth0 root'] : [])].join('\n');
}

function outOfMemory({ works }: FakeKernel, container: FakeContainer) {
  if (works) Object.assign(container, { status: 'exited', exitCode: 137, oomKilled: true });
  return { exitCode: 137, output: '' };
}

function disk(kernel: FakeKernel, script: string): string {
  if (script.includes('echo "limit')) return `limit 254:0 ${kernel.diskBytesPerSec}\n`;
  const limit = /echo "254:0 (\d+)"/.exec(script)?.[1];
  if (limit !== undefined) {
    if (kernel.works) kernel.diskBytesPerSec = Number(limit);
    return '';
  }
  const bytes = Number(/count=(\d+)/.exec(script)?.[1]) * 16_384;
  return `100.00\n${(100 + (kernel.diskBytesPerSec > 0 ? bytes / kernel.diskBytesPerSec : 0.01)).toFixed(2)}\n`;
}

function rates({ rateLimited }: FakeKernel, script: string, counted: number): string {
  if (!script.includes('tc -s')) return '';
  const reading = (sec: number, extra: number) =>
    `${sec}\n${rateLimited ? `qdisc tbf 5ade: dev eth0\n Sent ${extra * 1_000} bytes 9 pkt (dropped 0, overlimits ${extra} requeues 0)\n` : ''}end\n`;
  return reading(counted, 0) + reading(counted + 1, 100);
}

function pings({ rules }: FakeKernel, script: string): string {
  if (rules.size > 0) return '';
  return [...script.matchAll(/echo "(\S+) answers"/g)].map(([, ip]) => `${ip} answers\n`).join('');
}

function counts({ rules }: FakeKernel, script: string, counted: number): string {
  const mark = /iptables-save -c .* grep -E '(stampede:[^(]+)\(/.exec(script)?.[1];
  if (mark === undefined || !rules.has(mark)) return '';
  const rule = `-A INPUT -m comment --comment "${mark}"`;
  return `[${counted}:9] ${rule}\n[${counted / 2}:9] ${rule} -j DROP\n`;
}
