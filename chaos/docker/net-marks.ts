import type { DockerEngine } from './docker-engine.ts';
import { runOnMachine, toolsImage } from './helper.ts';

/**
 * Rules of ours carry a comment `stampede:<id>`, and so are told from those of others and from those of other faults; a
 * queueing discipline has no comment, so its handle is the mark.
 */
export const QDISC_HANDLE = '5ade';

export function ruleMark(id: string): string {
  return `stampede:${id}`;
}

/**
 * Rules and queueing disciplines of ours in the networks of containers, by one helper for all. Without the tools there is
 * none to find: it takes the same image to put one there.
 */
export async function findNetMarks(
  engine: DockerEngine,
  containers: { name: string; pid: number }[],
  signal: AbortSignal,
): Promise<string[]> {
  if (containers.length === 0 || !(await engine.hasImage(toolsImage(), signal))) return [];
  const looks = containers.map(
    ({ pid }, index) =>
      `nsenter -t ${pid} -n sh -c "iptables-save; /sbin/tc qdisc show" 2>/dev/null | grep -E "stampede:|tbf ${QDISC_HANDLE}:" | sed "s/^/${index} /"`,
  );
  const output = await runOnMachine(
    engine,
    { id: `scan-${process.pid}`, script: `${looks.join('\n')}\ntrue`, privileged: true },
    signal,
  );
  return output.split('\n').flatMap((line) => {
    const [, index, what] = /^(\d+) (.*)$/.exec(line.trim()) ?? [];
    const name = containers[Number(index)]?.name;
    if (what === undefined || name === undefined) return [];
    const id = /stampede:([^\s"]+)/.exec(what)?.[1];
    return [id === undefined ? `a rate limit of ours on ${name}` : `a rule of fault ${id} in the network of ${name}`];
  });
}
