import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startControl } from '../../target-app/supervisor/control.ts';
import { ManagedNode } from '../../target-app/supervisor/managed-node.ts';
import type { NodeSpec } from '../../target-app/supervisor/node-spec.ts';
import { PortReservation } from '../../target-app/supervisor/ports.ts';
import { probeReadyz } from '../../target-app/supervisor/probes.ts';
import { TargetDir } from '../../target-app/supervisor/target-dir.ts';
import { type AimedFault, bindFault } from '../catalogue.ts';
import type { Baselines } from '../fault.ts';
import type { Topology, TopologyNode } from '../topology.ts';

/** The supervisor of the reference target with one node of its own. For tests. */
export interface Supervised {
  topology: Topology;
  control: string;
  node: ManagedNode;
  /** Only fault in the topology, with its settings. */
  aim(kind: string, params: object): AimedFault;
  baselines(fault: AimedFault): Promise<Baselines>;
  /** Must be called even when a test has failed. */
  end(): Promise<void>;
}

export const soon = () => AbortSignal.timeout(15_000);

/** A process that answers /livez and /readyz, and has a child that leads a session of its own, as PostgreSQL's do. */
const SCRIPT = `
  const { spawn } = require('node:child_process');
  if (process.env.CHILD) spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6); process.once("disconnect", () => process.exit())'],
    { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: {} });
  require('node:http').createServer((request, response) => response.end('{}')).listen(Number(process.env.PORT), '127.0.0.1');
  process.on('disconnect', () => process.exit());
  if (process.env.ORDERLY) process.once('SIGTERM', () => setTimeout(() => process.exit(0), 50));
  if (process.env.DEAF) process.on('SIGTERM', () => {});
`;

/** Its node is called `node-1`. */
export async function superviseProcess(env: { CHILD?: '1'; ORDERLY?: '1'; DEAF?: '1' } = {}): Promise<Supervised> {
  const [port] = await ports(1);
  const address = `127.0.0.1:${port}`;
  return await supervise(
    {
      command: process.execPath,
      args: ['-e', SCRIPT],
      env: { ...env, PORT: String(port) },
      probe: () => probeReadyz(`http://${address}`, false),
    },
    { listens: { address, protocol: 'http' }, ops: `http://${address}` },
  );
}

/** The cache of the reference target, fault hooks and all: the role that needs nobody else. */
export async function superviseCache(): Promise<Supervised> {
  const [port, httpPort, hooksPort] = await ports(3);
  const main = fileURLToPath(new URL('../../target-app/main.ts', import.meta.url));
  const ops = `http://127.0.0.1:${httpPort}`;
  const hooks = `http://127.0.0.1:${hooksPort}`;
  const supervised = await supervise(
    {
      command: process.execPath,
      args: [main, 'cache', '--name=node-1', `--port=${port}`, `--http-port=${httpPort}`],
      env: { ...process.env, FAULT_HOOKS_PORT: String(hooksPort) },
      probe: async () => {
        await probeReadyz(ops, false);
        await fetch(`${hooks}/__faults`, { headers: { connection: 'close' } });
      },
    },
    { listens: { address: `127.0.0.1:${port}`, protocol: 'redis' }, ops, hooks },
  );
  return supervised;
}

async function supervise(
  spec: Pick<NodeSpec, 'command' | 'args' | 'probe'> & { env: NodeJS.ProcessEnv },
  reached: Pick<TopologyNode, 'listens' | 'ops' | 'hooks'>,
): Promise<Supervised> {
  const path = mkdtempSync(join(tmpdir(), 'supervised-'));
  const dir = new TargetDir(path);
  await dir.makeFresh();
  const node = new ManagedNode(
    { ...spec, name: 'node-1', role: 'test', tether: 'ipc', stopSignal: 'SIGTERM', expectation: 'answer' },
    { dir, emit: () => {}, onPid: () => {} },
  );
  const { url: control, close } = await startControl({ nodes: new Map([['node-1', node]]), stop: () => {} });
  await node.start(15_000);
  const topology: Topology = {
    entry: reached.ops ?? control,
    nodes: [{ name: 'node-1', role: 'test', by: { pid: node.lastPid ?? 0, control }, ...reached }],
    links: [],
    scrapes: [],
    stores: [],
  };
  return {
    topology,
    control,
    node,
    aim(kind, params) {
      const bound = bindFault(kind, params);
      if (!bound.ok) throw new Error(JSON.stringify(bound.problems));
      const resolved = bound.fault.resolve(topology);
      if (!resolved.ok) throw new Error(resolved.problem);
      return resolved.targets[0];
    },
    async baselines(fault) {
      return { armed: {}, applied: await fault.baseline(soon()) };
    },
    async end() {
      await node.stop(1_000);
      await close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

async function ports(count: number): Promise<number[]> {
  const reservation = new PortReservation();
  const taken: number[] = [];
  while (taken.length < count) taken.push(await reservation.take());
  await reservation.release();
  return taken;
}
