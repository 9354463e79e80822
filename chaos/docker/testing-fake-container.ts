import { randomBytes } from 'node:crypto';

/** A container as a fake engine keeps it; `describeContainer` says it as an engine does. */
export interface FakeContainer {
  id: string;
  name: string;
  status: 'running' | 'paused' | 'exited' | 'created';
  pid: number;
  exitCode: number;
  oomKilled: boolean;
  startedAt: string;
  restartCount: number;
  restartPolicy: string;
  autoRemove: boolean;
  health: string | undefined;
  labels: Record<string, string>;
  memory: number;
  memorySwap: number;
  nanoCpus: number;
  cpuQuota: number;
  cpuPeriod: number;
  networkMode: string;
  networks: Record<string, { Aliases: string[]; IPAddress: string; IPAMConfig: { IPv4Address?: string } | null }>;
  /** A published port of this machine. */
  port: number | undefined;
  stats: { throttledPeriods: number; periods: number; memoryUsage: number; failcnt: number; cpuNs: number };
  busy: boolean;
  argv: string[];
  output: string;
  /** What the last program in it answered. */
  exec: { exitCode: number; output: string };
}

let pids = 4_000_000;

export function fakeContainer(name: string): FakeContainer {
  return {
    id: randomBytes(32).toString('hex'),
    name,
    status: 'running',
    // Beyond any process of a real machine.
    pid: ++pids,
    exitCode: 0,
    oomKilled: false,
    startedAt: new Date().toISOString(),
    restartCount: 0,
    restartPolicy: 'no',
    autoRemove: false,
    health: undefined,
    labels: {},
    memory: 0,
    memorySwap: 0,
    nanoCpus: 0,
    cpuQuota: 0,
    cpuPeriod: 0,
    networkMode: 'bridge',
    networks: {},
    port: undefined,
    stats: { throttledPeriods: 0, periods: 0, memoryUsage: 50_000_000, failcnt: 0, cpuNs: 0 },
    busy: true,
    argv: [],
    output: '',
    exec: { exitCode: 0, output: '' },
  };
}

export function describeContainer(container: FakeContainer): unknown {
  const running = container.status === 'running' || container.status === 'paused';
  return {
    Id: container.id,
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    State: {
      Status: container.status,
      Running: running,
      Paused: container.status === 'paused',
      OOMKilled: container.oomKilled,
      Pid: running ? container.pid : 0,
      ExitCode: container.exitCode,
      StartedAt: container.startedAt,
      ...(container.health === undefined ? {} : { Health: { Status: container.health } }),
    },
    Config: { Labels: container.labels, ExposedPorts: null },
    HostConfig: {
      RestartPolicy: { Name: container.restartPolicy },
      AutoRemove: container.autoRemove,
      NetworkMode: container.networkMode,
      Memory: container.memory,
      MemorySwap: container.memorySwap,
      NanoCpus: container.nanoCpus,
      CpuQuota: container.cpuQuota,
      CpuPeriod: container.cpuPeriod,
    },
    NetworkSettings: {
      Networks: container.networks,
      Ports:
        container.port === undefined ? {} : { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(container.port) }] },
    },
  };
}
