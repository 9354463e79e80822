import { describeContainer, type FakeContainer, fakeContainer } from './testing-fake-container.ts';
import type { FakeEngine } from './testing-fake-engine.ts';

interface Answer {
  status: number;
  body?: unknown;
}

type Body = Record<string, unknown>;

/** One call to the fake engine, answered as Docker 20.10 does. */
export function answerOf(engine: FakeEngine, method: string, path: string, query: URLSearchParams, body: Body): Answer {
  const parts = path.split('/').slice(1);
  const [room, name = '', verb = ''] = parts;
  if (room === 'version') {
    return ok({ Version: '20.10.24', ApiVersion: '1.41', Os: 'linux', KernelVersion: '6.18.0' });
  }
  if (room === 'info') return ok({ DockerRootDir: '/var/lib/docker' });
  if (room === 'images') {
    const image = parts.slice(1, -1).join('/');
    return engine.images.has(image) ? ok({ Id: image }) : no(404, `No such image: ${image}`);
  }
  if (room === 'networks') return changeNetwork(engine, name, verb, body);
  if (room === 'exec') {
    const container = engine.containers.get(name);
    if (!container) return no(404, 'No such exec instance');
    return verb === 'start' ? ok(container.exec.output) : ok({ ExitCode: container.exec.exitCode });
  }
  if (name === 'json') return ok([...engine.containers.values()].filter(labelled(query)).map(summary));
  if (name === 'create') return create(engine, query.get('name') ?? '', body);
  const container = [...engine.containers.values()].find((each) => each.id === name || each.name === name);
  if (!container) return no(404, `No such container: ${name}`);
  if (method === 'DELETE') {
    engine.containers.delete(container.id);
    return { status: 204 };
  }
  return act(engine, container, verb, query, body);
}

function act(engine: FakeEngine, container: FakeContainer, verb: string, query: URLSearchParams, body: Body): Answer {
  const running = container.status === 'running' || container.status === 'paused';
  switch (verb) {
    case 'json':
      return ok(describeContainer(container));
    case 'stats':
      useCpu(container);
      return ok(stats(container));
    case 'wait':
      return ok({ StatusCode: container.exitCode });
    case 'logs':
      return ok(frame(container.output));
    case 'exec': {
      const argv = Array.isArray(body.Cmd) ? body.Cmd.map(String) : [];
      if (!running) return no(409, `Container ${container.id} is not running`);
      container.exec = engine.onProgram(argv, container);
      return ok({ Id: container.id });
    }
    case 'kill':
      if (!running) return no(409, `Cannot kill container: ${container.name}: Container is not running`);
      return end(container, query.get('signal') === 'SIGKILL' ? 137 : 143);
    case 'stop':
      return running ? end(container, 143) : { status: 304 };
    case 'restart':
    case 'start': {
      if (running && verb === 'start') return { status: 304 };
      const again = fakeContainer(container.name);
      Object.assign(container, { status: 'running', pid: again.pid, startedAt: again.startedAt, oomKilled: false });
      if (container.argv.length > 0) runToTheEnd(engine, container);
      return { status: 204 };
    }
    case 'pause':
      if (container.status !== 'running') return no(409, `Container ${container.id} is not running`);
      container.status = 'paused';
      return { status: 204 };
    case 'unpause':
      if (container.status !== 'paused') return no(500, `Container ${container.id} is not paused`);
      container.status = 'running';
      return { status: 204 };
    case 'update':
      return update(container, body);
    default:
      return no(404, `page not found: ${verb}`);
  }
}

/** As the engine does: nothing and 0 both mean "leave it". */
function update(container: FakeContainer, body: Body): Answer {
  const take = (key: string) => (typeof body[key] === 'number' && body[key] !== 0 ? body[key] : undefined);
  if (take('CpuQuota') !== undefined && container.nanoCpus > 0) {
    return no(409, 'Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set');
  }
  container.memory = take('Memory') ?? container.memory;
  container.memorySwap = take('MemorySwap') ?? container.memorySwap;
  container.nanoCpus = take('NanoCpus') ?? container.nanoCpus;
  container.cpuQuota = take('CpuQuota') ?? container.cpuQuota;
  container.cpuPeriod = take('CpuPeriod') ?? container.cpuPeriod;
  return ok({ Warnings: [] });
}

function changeNetwork(engine: FakeEngine, network: string, verb: string, body: Body): Answer {
  const container = [...engine.containers.values()].find(({ id, name }) => [id, name].includes(String(body.Container)));
  if (!container) return no(404, `No such container: ${String(body.Container)}`);
  if (verb === 'disconnect') {
    if (!(network in container.networks)) return no(404, `network ${network} not found`);
    delete container.networks[network];
    return { status: 200 };
  }
  if (network in container.networks) return no(403, `endpoint with name ${container.name} already exists in network`);
  const { Aliases = [], IPAMConfig = null } = (body.EndpointConfig ?? {}) as {
    Aliases?: string[];
    IPAMConfig?: { IPv4Address?: string } | null;
  };
  container.networks[network] = { Aliases, IPAddress: IPAMConfig?.IPv4Address ?? '', IPAMConfig };
  return { status: 200 };
}

function create(engine: FakeEngine, name: string, body: Body): Answer {
  const image = String(body.Image);
  if (!engine.images.has(image)) return no(404, `No such image: ${image}`);
  if ([...engine.containers.values()].some((each) => each.name === name)) {
    return no(409, `Conflict. The container name "/${name}" is already in use`);
  }
  const container = engine.add(name, {
    status: 'created',
    labels: (body.Labels ?? {}) as Record<string, string>,
    argv: Array.isArray(body.Cmd) ? body.Cmd.map(String) : [],
  });
  return { status: 201, body: { Id: container.id, Warnings: [] } };
}

/** A container of ours is a program: it has ended when its start is answered, unless it sleeps. */
function runToTheEnd(engine: FakeEngine, container: FakeContainer): void {
  if (container.argv.join(' ').includes('sleep')) return;
  const { exitCode, output } = engine.onProgram(container.argv, container);
  Object.assign(container, { status: 'exited', exitCode, output });
}

function end(container: FakeContainer, exitCode: number): Answer {
  Object.assign(container, { status: 'exited', exitCode });
  return { status: 204 };
}

function stats({ stats: { periods, throttledPeriods, memoryUsage, failcnt, cpuNs }, memory }: FakeContainer): unknown {
  return {
    cpu_stats: {
      cpu_usage: { total_usage: cpuNs },
      throttling_data: { periods, throttled_periods: throttledPeriods, throttled_time: throttledPeriods * 1e7 },
    },
    memory_stats: { usage: memoryUsage, limit: memory === 0 ? 8 * 2 ** 30 : memory, failcnt },
  };
}

/** A container that is busy uses what it may, and waits for the rest; one that is paused does neither. */
function useCpu({ status, busy, nanoCpus, cpuQuota, stats: counters }: FakeContainer): void {
  if (status !== 'running' || !busy) return;
  const limited = nanoCpus > 0 || cpuQuota > 0;
  counters.cpuNs += 1_000;
  if (!limited) return;
  counters.periods += 10;
  counters.throttledPeriods += 9;
}

function labelled(query: URLSearchParams): (container: FakeContainer) => boolean {
  const { label = [] } = JSON.parse(query.get('filters') ?? '{}') as { label?: string[] };
  return ({ labels }) =>
    label.every((each) => each in labels || Object.entries(labels).some(([key, value]) => each === `${key}=${value}`));
}

function summary({ id, name, status, labels }: FakeContainer): unknown {
  return { Id: id, Names: [`/${name}`], State: status, Labels: labels, Image: 'an-image' };
}

function frame(text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 1;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function no(status: number, message: string): Answer {
  return { status, body: { message } };
}
