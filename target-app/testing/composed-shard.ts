import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { COMPOSE_LINKS } from '../compose/layout.ts';
import type { ShardUnderTest } from '../contracts/shard-under-test.ts';
import { probeSql } from '../supervisor/probes.ts';
import { seedShard } from '../supervisor/seed.ts';
import { freePorts, freePortsInARow } from './free-ports.ts';

const PRIMARY = 'shard-eu-0';
const STANDBY = 'shard-eu-0-standby';
const FILE = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
const READY_MS = 60_000;

/**
 * A shard of docker-compose.yml with its standby and the fault proxy between them, and nothing else of the stack. For
 * tests. `compose` is the command, `images` the variables that name the images.
 */
export async function startComposedShard(
  compose: readonly string[],
  images: NodeJS.ProcessEnv,
): Promise<Omit<ShardUnderTest, 'patienceMs'>> {
  const project = `stampede-contract-${process.pid}`;
  const [port = 0, proxyPort = 0] = await freePorts(2);
  const links = await freePortsInARow(COMPOSE_LINKS.length);
  const env = {
    ...process.env,
    ...images,
    SHARD_EU_0_PORT: String(port),
    FAULT_PROXY_PORT: String(proxyPort),
    LINK_PORTS: `${links[0]}-${links.at(-1)}`,
  };
  const ordered = (...args: string[]) => run([...compose, '-f', FILE, '-p', project, ...args], env);
  const containers = new Map<string, string>();
  const dsn = (user: string) => `postgres://${user}@127.0.0.1:${port}/postgres`;
  // Nobody but its primary has to do with the standby: it publishes no port.
  const address = () => {
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    return run(['docker', 'inspect', '--format', format, containers.get(STANDBY) ?? ''], env).trim();
  };
  const part = {
    standbyName: STANDBY,
    dsn,
    standbyDsn: () => `postgres://postgres@${address()}/postgres`,
    async kill(which: 'primary' | 'standby') {
      run(['docker', 'kill', containers.get(which === 'primary' ? PRIMARY : STANDBY) ?? ''], env);
    },
    async revive(which: 'primary' | 'standby') {
      run(['docker', 'start', containers.get(which === 'primary' ? PRIMARY : STANDBY) ?? ''], env);
      await answers(which === 'primary' ? () => dsn('postgres') : part.standbyDsn);
    },
    async stop() {
      ordered('down', '--volumes', '--timeout', '2');
    },
  };
  try {
    ordered('up', '-d', '--no-build', 'fault-proxy', PRIMARY, STANDBY);
    for (const service of [PRIMARY, STANDBY]) containers.set(service, ordered('ps', '-q', service).trim());
    await answers(() => dsn('postgres'));
    await seedShard(dsn('postgres'), 'eu-0');
    await answers(part.standbyDsn);
    return part;
  } catch (error) {
    await part.stop();
    throw error;
  }
}

async function answers(dsn: () => string): Promise<void> {
  const deadlineMs = Date.now() + READY_MS;
  for (;;) {
    try {
      return await probeSql(dsn(), 'SELECT 1');
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function run([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { env, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} failed (${error?.message ?? `exit code ${status}`}):\n${stderr}`);
}
