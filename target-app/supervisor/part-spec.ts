import { findProgram, missingPrograms, type Program } from '../parts/binaries.ts';
import type { PartChoice } from '../parts/choice.ts';
import { haproxyLaunch } from '../parts/haproxy/launch.ts';
import { type PartLaunch, writeFiles } from '../parts/launch.ts';
import { nginxLaunch } from '../parts/nginx/launch.ts';
import { rabbitmqLaunch } from '../parts/rabbitmq/launch.ts';
import { redisLaunch } from '../parts/redis/launch.ts';
import { varnishLaunch } from '../parts/varnish/launch.ts';
import { type Layout, type PartNode, partNodes, RABBITMQ_LOGIN, type RealPart } from './layout.ts';
import type { NodeSpec } from './node-spec.ts';
import { probeAnswer, probePage } from './probes.ts';
import { StartFailure } from './start-failure.ts';

const PROGRAMS_OF: Record<RealPart, readonly Program[]> = {
  haproxy: ['haproxy'],
  varnish: ['varnishd', 'varnishstat'],
  nginx: ['nginx'],
  redis: ['redis-server'],
  rabbitmq: ['rabbitmq-server', 'epmd'],
};

/** @throws StartFailure that names every program which is not here, and where to get it */
export function requirePrograms(parts: PartChoice): void {
  const nodes = partNodes(parts);
  const missing = missingPrograms(nodes.flatMap(({ part }) => PROGRAMS_OF[part]));
  const [first] = nodes;
  if (missing.length === 0 || first === undefined) return;
  const programs = missing.map((one) => `${one.program} (Debian package ${one.package})`).join(', ');
  const packages = [...new Set(missing.map((one) => one.package))].join(' ');
  throw new StartFailure(first.name, `not on this machine: ${programs}; get them with: apt-get install ${packages}`);
}

/** A real part as a node. Its configuration is written when this is called. */
export function partSpec({ name, role, part }: PartNode, folder: string, layout: Layout): NodeSpec {
  const launch = launchOf(part, name, folder, layout);
  writeFiles(launch);
  const { command, args, env, stopSignal } = launch;
  return {
    name,
    role,
    part,
    command,
    args,
    ...(env === undefined ? {} : { env }),
    folder,
    tether: 'none',
    stopSignal,
    expectation: 'become ready',
    probe: () => probePart(part, name, layout),
  };
}

function launchOf(part: RealPart, name: string, folder: string, layout: Layout): PartLaunch {
  const listen = layout.address(name);
  switch (part) {
    case 'haproxy':
      return haproxyLaunch(programOf('haproxy'), folder, {
        listen,
        metrics: layout.address(`${name} metrics`),
        runtime: layout.address(`${name} runtime`),
        backends: ['gateway-1', 'gateway-2'].map((gateway) => {
          return { name: gateway, address: layout.address(`${name}->${gateway}`), check: layout.address(gateway) };
        }),
      });
    case 'varnish':
      return varnishLaunch(programOf('varnishd'), folder, { listen, origin: layout.address(`${name}->lb`), name });
    case 'nginx':
      return nginxLaunch(programOf('nginx'), folder, {
        listen,
        status: layout.address(`${name} status`),
        origin: layout.address(`${name}->lb`),
        name,
      });
    case 'redis':
      return redisLaunch(programOf('redis-server'), folder, listen);
    case 'rabbitmq':
      return rabbitmqLaunch(programOf('rabbitmq-server'), folder, {
        listen,
        metrics: layout.address(`${name} metrics`),
        ...RABBITMQ_LOGIN,
        epmdPort: layout.port(`${name} epmd`),
        distributionPort: layout.port(`${name} distribution`),
      });
    default:
      return part satisfies never;
  }
}

async function probePart(part: RealPart, name: string, layout: Layout): Promise<void> {
  switch (part) {
    case 'haproxy':
      return await probePage(`${layout.url(name)}/readyz`);
    case 'varnish':
    case 'nginx':
      return await probePage(`${layout.url(name)}/livez`);
    case 'redis':
      return await probeAnswer(layout.port(name), 'PING\r\n', '+PONG');
    case 'rabbitmq':
      await probePage(`${layout.url(`${name} metrics`)}/metrics`);
      // The protocol header, and the type of the frame that answers it.
      return await probeAnswer(layout.port(name), 'AMQP\x00\x00\x09\x01', '\x01\x00\x00');
    default:
      return part satisfies never;
  }
}

function programOf(program: Program): string {
  return findProgram(program) ?? program;
}
