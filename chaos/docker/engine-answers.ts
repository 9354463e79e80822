import { z } from 'zod';

/** What the engine answers, parsed, with the few fields that faults need. Docker and Podman leave different ones out. */

const networkSchema = z
  .object({
    NetworkID: z.string().default(''),
    IPAddress: z.string().default(''),
    Gateway: z.string().default(''),
    Aliases: z.array(z.string()).nullish(),
    Links: z.array(z.string()).nullish(),
    DriverOpts: z.record(z.string(), z.string()).nullish(),
    MacAddress: z.string().nullish(),
    IPAMConfig: z.object({ IPv4Address: z.string().optional(), IPv6Address: z.string().optional() }).nullish(),
  })
  .transform((raw) => ({
    id: raw.NetworkID,
    ip: raw.IPAddress,
    gateway: raw.Gateway,
    aliases: raw.Aliases ?? [],
    links: raw.Links ?? [],
    driverOpts: raw.DriverOpts ?? {},
    /** Only what was asked for: an address given out by the engine is not static. */
    staticIp: raw.IPAMConfig?.IPv4Address || undefined,
    staticIp6: raw.IPAMConfig?.IPv6Address || undefined,
  }));

export type NetworkEndpoint = z.output<typeof networkSchema>;

const portSchema = z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullish();

export const containerSchema = z
  .object({
    Id: z.string().min(1),
    Name: z.string(),
    RestartCount: z.number().default(0),
    State: z.object({
      Status: z.string(),
      Running: z.boolean(),
      Paused: z.boolean().default(false),
      OOMKilled: z.boolean().default(false),
      Pid: z.number().default(0),
      ExitCode: z.number().default(0),
      StartedAt: z.string().default(''),
      Health: z.object({ Status: z.string() }).nullish(),
    }),
    Config: z.object({
      Labels: z.record(z.string(), z.string()).nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      StopSignal: z.string().nullish(),
    }),
    HostConfig: z.object({
      RestartPolicy: z.object({ Name: z.string() }).nullish(),
      Memory: z.number().nullish(),
      MemorySwap: z.number().nullish(),
      NanoCpus: z.number().nullish(),
      CpuQuota: z.number().nullish(),
      CpuPeriod: z.number().nullish(),
      AutoRemove: z.boolean().nullish(),
      NetworkMode: z.string().nullish(),
    }),
    NetworkSettings: z.object({
      Networks: z.record(z.string(), networkSchema).nullish(),
      Ports: z.record(z.string(), portSchema).nullish(),
    }),
  })
  .transform((raw) => ({
    id: raw.Id,
    name: raw.Name.replace(/^\//, ''),
    /** As the engine says it: running, paused, exited, restarting, created, dead. */
    status: raw.State.Status,
    running: raw.State.Running,
    paused: raw.State.Paused || raw.State.Status === 'paused',
    oomKilled: raw.State.OOMKilled,
    pid: raw.State.Pid,
    exitCode: raw.State.ExitCode,
    startedAt: raw.State.StartedAt,
    restartCount: raw.RestartCount,
    /** Undefined for a container without a health check. */
    health: healthOf(raw.State.Health?.Status),
    labels: raw.Config.Labels ?? {},
    /** What asks its main process to end. */
    stopSignal: raw.Config.StopSignal || 'SIGTERM',
    /** Started with --rm: once it ends it is gone, and nothing can start it again. */
    autoRemove: raw.HostConfig.AutoRemove ?? false,
    restartPolicy: raw.HostConfig.RestartPolicy?.Name || 'no',
    limits: {
      memoryBytes: raw.HostConfig.Memory ?? 0,
      memorySwapBytes: raw.HostConfig.MemorySwap ?? 0,
      nanoCpus: raw.HostConfig.NanoCpus ?? 0,
      cpuQuota: raw.HostConfig.CpuQuota ?? 0,
      cpuPeriod: raw.HostConfig.CpuPeriod ?? 0,
    },
    /** The network it was made for. */
    networkMode: raw.HostConfig.NetworkMode ?? '',
    networks: raw.NetworkSettings.Networks ?? {},
    exposedTcp: tcpPorts(Object.keys(raw.Config.ExposedPorts ?? {})),
    publishedTcp: Object.entries(raw.NetworkSettings.Ports ?? {}).flatMap(([port, bindings]) =>
      tcpPorts([port]).flatMap((containerPort) =>
        (bindings ?? []).map(({ HostIp, HostPort }) => ({ containerPort, hostIp: HostIp, hostPort: Number(HostPort) })),
      ),
    ),
  }));

export type ContainerState = z.output<typeof containerSchema>;

/** Limits as the engine keeps them; 0 is none. */
export type ContainerLimits = ContainerState['limits'];

export const summarySchema = z
  .object({
    Id: z.string(),
    Names: z.array(z.string()).nullish(),
    State: z.string().default(''),
    Labels: z.record(z.string(), z.string()).nullish(),
    Image: z.string().default(''),
  })
  .transform((raw) => ({
    id: raw.Id,
    // A container that others are linked to has names such as /other/alias too.
    name:
      (raw.Names ?? []).map((name) => name.replace(/^\//, '')).find((name) => !name.includes('/')) ??
      raw.Id.slice(0, 12),
    status: raw.State,
    labels: raw.Labels ?? {},
    image: raw.Image,
  }));

export type ContainerSummary = z.output<typeof summarySchema>;

const count = z.number().default(0);

/** The kernel's own counters, as the engine reads them from the container's control group. */
export const statsSchema = z
  .object({
    cpu_stats: z.object({
      cpu_usage: z.object({ total_usage: count }).nullish(),
      throttling_data: z.object({ periods: count, throttled_periods: count, throttled_time: count }).nullish(),
    }),
    memory_stats: z
      .object({ usage: count, limit: count, failcnt: count, stats: z.record(z.string(), z.number()).nullish() })
      .nullish(),
  })
  .transform((raw) => ({
    cpuNs: raw.cpu_stats.cpu_usage?.total_usage ?? 0,
    periods: raw.cpu_stats.throttling_data?.periods ?? 0,
    throttledPeriods: raw.cpu_stats.throttling_data?.throttled_periods ?? 0,
    throttledNs: raw.cpu_stats.throttling_data?.throttled_time ?? 0,
    memoryBytes: raw.memory_stats?.usage ?? 0,
    memoryLimitBytes: raw.memory_stats?.limit ?? 0,
    /** How often the container wanted more memory than it may have. Control groups of the second version don't count it. */
    memoryRefusals: raw.memory_stats?.failcnt ?? 0,
  }));

export type ContainerStats = z.output<typeof statsSchema>;

export const versionSchema = z
  .object({
    Version: z.string(),
    ApiVersion: z.string(),
    Os: z.string().default(''),
    KernelVersion: z.string().default(''),
  })
  .transform((raw) => ({ version: raw.Version, apiVersion: raw.ApiVersion, os: raw.Os, kernel: raw.KernelVersion }));

export type EngineVersion = z.output<typeof versionSchema>;

function tcpPorts(ports: string[]): number[] {
  return ports.filter((port) => port.endsWith('/tcp')).map((port) => Number.parseInt(port, 10));
}

function healthOf(status: string | undefined): string | undefined {
  return status === undefined || status === '' || status === 'none' ? undefined : status;
}
