import type { PartChoice } from '../parts/choice.ts';
import { type Control, startControl } from './control.ts';
import { CORE_DB, Layout, partNodes, roleNodes, SHARDS } from './layout.ts';
import { ManagedNode } from './managed-node.ts';
import type { NodeSpec } from './node-spec.ts';
import { databaseSpec, faultProxySpec, roleSpec } from './node-specs.ts';
import { partSpec, requirePrograms } from './part-spec.ts';
import { PortReservation } from './ports.ts';
import { cloneForStandby, initDatabase, type PostgresHome, preparePostgresHome } from './postgres-home.ts';
import { probePage } from './probes.ts';
import { identify } from './process-identity.ts';
import type { Emit } from './progress.ts';
import { seedCore, seedShard } from './seed.ts';
import { StartFailure } from './start-failure.ts';
import type { TargetDir } from './target-dir.ts';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 2_000;

interface TargetOptions {
  dir: TargetDir;
  emit: Emit;
  proxy: readonly [string, ...string[]];
  entryPort: number | undefined;
  mutants: readonly string[];
  parts: PartChoice;
  /** Somebody asked the control API to end it all. */
  onStop: () => void;
}

/** All nodes of the reference shop, from nothing to ready and back to nothing. */
export class Target {
  readonly #options: TargetOptions;
  readonly #layout: Layout;
  readonly #reservation: PortReservation;
  readonly #control: Control;
  readonly #nodes: Map<string, ManagedNode>;
  readonly #startedAt = new Date().toISOString();
  #home: PostgresHome | undefined;
  #ready = false;
  #stopping = false;

  private constructor(
    options: TargetOptions,
    layout: Layout,
    reservation: PortReservation,
    control: Control,
    nodes: Map<string, ManagedNode>,
  ) {
    this.#options = options;
    this.#layout = layout;
    this.#reservation = reservation;
    this.#control = control;
    this.#nodes = nodes;
  }

  /** Chooses the ports and opens the control API. @throws StartFailure */
  static async prepare(options: TargetOptions): Promise<Target> {
    requirePrograms(options.parts);
    const reservation = new PortReservation();
    const layout = await Layout.choose(reservation, options.entryPort, options.parts);
    const nodes = new Map<string, ManagedNode>();
    const control = await startControl({ nodes, stop: options.onStop });
    return new Target(options, layout, reservation, control, nodes);
  }

  get entry(): string {
    return this.#layout.entry;
  }

  get control(): string {
    return this.#control.url;
  }

  /** Everything at the same time: who needs another keeps asking for it until it is there. @throws StartFailure */
  async start(): Promise<void> {
    this.#writeState();
    const { proxy, mutants, parts, dir } = this.#options;
    const { compileCache } = dir;
    const layout = this.#layout;
    const folders = (node: string) => dir.partFolder(node);
    const home = await preparePostgresHome(dir.path);
    this.#home = home;
    await Promise.all([
      ...SHARDS.map((shard) => this.#startShard(home, shard)),
      this.#startCoreDb(home),
      this.#startNode(faultProxySpec(proxy, layout)),
      ...partNodes(parts).map((node) => this.#startNode(partSpec(node, folders(node.name), layout))),
      ...roleNodes(parts).map((node) => this.#startNode(roleSpec(node, { layout, mutants, compileCache, folders }))),
    ]);
    await this.#probeEntry();
    this.#ready = true;
    this.#writeState();
  }

  /** Leaves nothing running. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#nodes.values()].map((node) => node.stop(STOP_WITHIN_MS)));
    await this.#reservation.release();
    await this.#control.close();
    await this.#home?.remove();
    this.#options.dir.clearState();
  }

  async #startShard(home: PostgresHome, { name, region, node, standby }: (typeof SHARDS)[number]): Promise<void> {
    const layout = this.#layout;
    const folder = await initDatabase(home, node);
    const standbyFolder = await cloneForStandby(home, folder, standby);
    const primary = databaseSpec({
      name: node,
      role: 'shard',
      region,
      folder,
      replication: { kind: 'primary', standbyName: standby },
      home,
      layout,
    });
    const follower = databaseSpec({
      name: standby,
      role: 'standby',
      region,
      folder: standbyFolder,
      replication: { kind: 'standby', standbyName: standby, primaryPort: layout.port(`${standby}->${node}`) },
      home,
      layout,
    });
    await Promise.all([
      this.#startNode(primary).then(() => seedShard(layout.dsn(node, 'postgres', 'postgres'), name)),
      this.#startNode(follower),
    ]);
  }

  async #startCoreDb(home: PostgresHome): Promise<void> {
    const layout = this.#layout;
    const folder = await initDatabase(home, CORE_DB);
    const replication = { kind: 'alone' } as const;
    await this.#startNode(databaseSpec({ name: CORE_DB, role: 'database', folder, replication, home, layout }));
    await seedCore((database) => layout.dsn(CORE_DB, 'postgres', database));
  }

  async #startNode(spec: NodeSpec): Promise<void> {
    if (this.#stopping) return;
    const { dir, emit } = this.#options;
    const node = new ManagedNode(spec, { dir, emit, onPid: () => this.#writeTopology() });
    this.#nodes.set(spec.name, node);
    await this.#reservation.release(this.#layout.portsOf(spec.name));
    await node.start(READY_WITHIN_MS);
  }

  /** The whole way from the entry to the catalog's database. */
  async #probeEntry(): Promise<void> {
    const deadlineMs = Date.now() + READY_WITHIN_MS;
    for (;;) {
      try {
        return await probePage(`${this.entry}/`);
      } catch (error) {
        if (Date.now() > deadlineMs) {
          throw new StartFailure('edge', `the entry does not serve the shop: ${String(error)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  #writeTopology(): void {
    const pidOf = (node: string) => this.#nodes.get(node)?.lastPid;
    this.#options.dir.writeTopology(this.#layout.topology(this.control, pidOf));
  }

  #writeState(): void {
    const self = identify(process.pid);
    this.#options.dir.writeState({
      version: 1,
      supervisorPid: process.pid,
      supervisorStart: self?.started ?? '',
      control: this.control,
      entry: this.entry,
      ready: this.#ready,
      parts: this.#options.parts,
      startedAt: this.#startedAt,
    });
  }
}
