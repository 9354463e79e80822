import type { DockerEngine } from './docker-engine.ts';
import { runOnMachine } from './helper.ts';

/**
 * Rules of ours carry a comment `stampede:<id>`, and so are told from those of others and from those of other faults; a
 * queueing discipline has no comment, so its handle is the mark.
 */
export const QDISC_HANDLE = '5ade';

export function ruleMark(id: string): string {
  return `stampede:${id.replace(/[^a-zA-Z0-9_.:-]/g, '-')}`;
}

export interface NetMark {
  text: string;
  /** Undefined for what cannot carry one. */
  id: string | undefined;
}

/**
 * Rules and queueing disciplines of ours in the networks of containers, by one helper for all. Without the image of tools
 * there is none to find: it takes the same image to put one there.
 */
export async function findNetMarks(
  engine: DockerEngine,
  image: string,
  containers: { name: string; pid: number }[],
  signal: AbortSignal,
): Promise<NetMark[]> {
  if (containers.length === 0 || !(await engine.hasImage(image, signal))) return [];
  const looks = containers.map(
    ({ pid }, index) =>
      `nsenter -t ${pid} -n sh -c "iptables-save; /sbin/tc qdisc show" 2>/dev/null | grep -E "stampede:|tbf ${QDISC_HANDLE}:" | sed "s/^/${index} /"`,
  );
  const job = { id: `scan-${process.pid}-${++scans}`, image, capabilities: ['SYS_ADMIN', 'SYS_PTRACE', 'NET_ADMIN'] };
  const output = await runOnMachine(engine, { ...job, script: `${looks.join('\n')}\ntrue` }, signal);
  const marks = output.split('\n').flatMap((line): NetMark[] => {
    const [, index, what] = /^(\d+) (.*)$/.exec(line.trim()) ?? [];
    const name = containers[Number(index)]?.name;
    if (what === undefined || name === undefined) return [];
    const id = /stampede:([^\s"]+)/.exec(what)?.[1];
    return [
      id === undefined
        ? { id, text: `a rate limit of ours on ${name}` }
        : { id, text: `a rule of fault ${id} in the network of ${name}` },
    ];
  });
  return [...new Map(marks.map((mark) => [mark.text, mark])).values()];
}

/** Names of containers are taken once. */
let scans = 0;
