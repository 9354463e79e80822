import { existsSync, readFileSync } from 'node:fs';

/** CPU time that containers have used so far, in milliseconds, from their control groups (version 1 or 2). */
export function containerCpuMs(ids: readonly string[]): number {
  return ids.reduce((sum, id) => sum + cpuMsOf(id), 0);
}

function cpuMsOf(id: string): number {
  const nanoseconds = `/sys/fs/cgroup/cpuacct/docker/${id}/cpuacct.usage`;
  if (existsSync(nanoseconds)) return Number(readFileSync(nanoseconds, 'utf8')) / 1e6;
  for (const folder of [`/sys/fs/cgroup/docker/${id}`, `/sys/fs/cgroup/system.slice/docker-${id}.scope`]) {
    const path = `${folder}/cpu.stat`;
    if (existsSync(path)) return Number(/usage_usec (\d+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) / 1e3;
  }
  throw new Error(`no control group of container ${id} is found`);
}
