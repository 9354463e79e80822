import type { ContainerLimits } from './engine-answers.ts';

type CpuLimits = Pick<ContainerLimits, 'nanoCpus' | 'cpuQuota' | 'cpuPeriod'>;
type MemoryLimits = Pick<ContainerLimits, 'memoryBytes' | 'memorySwapBytes'>;

/** The kernel's own word for none. The engine takes 0 as "leave it" and refuses -1; this it hands on. */
const UNLIMITED_BYTES = Number('9223372036854771712');
const USUAL_PERIOD_US = 100_000;

/** CPUs a container may use; undefined when there is no limit. */
export function cpusOf({ nanoCpus, cpuQuota, cpuPeriod }: CpuLimits): number | undefined {
  if (nanoCpus > 0) return nanoCpus / 1e9;
  return cpuQuota > 0 ? cpuQuota / (cpuPeriod > 0 ? cpuPeriod : USUAL_PERIOD_US) : undefined;
}

/** A container has its limit by one of two ways, and the engine refuses to change it by the other. */
export function cpuLimited(cpus: number, now: CpuLimits): Partial<CpuLimits> {
  if (now.nanoCpus > 0) return { nanoCpus: Math.round(cpus * 1e9) };
  return { cpuQuota: Math.round(cpus * (now.cpuPeriod > 0 ? now.cpuPeriod : USUAL_PERIOD_US)) };
}

export function cpuAsBefore(before: CpuLimits, now: CpuLimits): Partial<CpuLimits> {
  if (before.nanoCpus > 0) return { nanoCpus: before.nanoCpus };
  if (before.cpuQuota > 0) return { cpuQuota: before.cpuQuota };
  // Somebody gave it a limit by the other way since: that is theirs.
  return now.nanoCpus > 0 ? {} : { cpuQuota: -1 };
}

export function memoryAsBefore({ memoryBytes, memorySwapBytes }: MemoryLimits): MemoryLimits {
  if (memoryBytes <= 0) return { memoryBytes: UNLIMITED_BYTES, memorySwapBytes: UNLIMITED_BYTES };
  return { memoryBytes, memorySwapBytes: memorySwapBytes > 0 ? memorySwapBytes : UNLIMITED_BYTES };
}

/** In words, what is not as it was before; of limits that say nothing of a kind, nothing. */
export function limitsDiffer(before: Partial<ContainerLimits>, now: ContainerLimits): string[] {
  const keys = ['nanoCpus', 'cpuQuota', 'memoryBytes', 'memorySwapBytes'] as const;
  return keys.flatMap((key) => {
    const was = before[key];
    if (was === undefined || limitOf(was) === limitOf(now[key])) return [];
    // Without a limit on memory, what is said of swap means nothing.
    if (key === 'memorySwapBytes' && limitOf(now.memoryBytes) === 0) return [];
    return [`${key} ${limitOf(now[key]) || 'unlimited'} instead of ${limitOf(was) || 'unlimited'}`];
  });
}

/** 0 for all that means none. */
function limitOf(value: number): number {
  return value <= 0 || value >= 2 ** 62 ? 0 : value;
}
