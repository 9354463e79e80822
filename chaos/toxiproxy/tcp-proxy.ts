import { createServer, type Server, type Socket } from 'node:net';
import { type Address, formatAddress, parseAddress, resolveAddress } from './address.ts';
import { toxicAlreadyExists, toxicNotFound } from './api-error.ts';
import { Connection } from './connection.ts';
import { type Json, toJson } from './go-json.ts';
import type { Counters, Metrics, ProxyGauges } from './metrics.ts';
import { seededRandom } from './random.ts';
import { changedToxic, type Direction, newToxic, type Toxic, toxicJson } from './toxic.ts';

export interface ProxySettings {
  name: string;
  /** `host:port`; the address bound to once the proxy has started. */
  listen: string;
  upstream: string;
}

/** A listener, the connections it accepted, and the toxics that work on them. */
export class TcpProxy {
  readonly name: string;
  readonly #metrics: Metrics;
  readonly #seed: number;
  readonly #connections = new Set<Connection>();
  #toxics: Toxic[] = [];
  #listen: string;
  #upstream: string;
  #server: Server | undefined;
  #accepted = 0;

  constructor({ name, listen, upstream }: ProxySettings, surroundings: { metrics: Metrics; seed: number }) {
    this.name = name;
    this.#listen = listen;
    this.#upstream = upstream;
    this.#metrics = surroundings.metrics;
    this.#seed = surroundings.seed;
  }

  get settings(): ProxySettings & { enabled: boolean } {
    return { name: this.name, listen: this.#listen, upstream: this.#upstream, enabled: this.#server !== undefined };
  }

  get gauges(): ProxyGauges {
    return { proxy: this.name, connections: this.#connections.size, toxics: this.#toxics.length };
  }

  /** `Logger` is a leak of the original that its clients have come to know. */
  toJson(): string {
    const { name, listen, upstream, enabled } = this.settings;
    const head = toJson({ name, listen, upstream, enabled, Logger: {} });
    return `${head.slice(0, -1)},"toxics":${this.toxicsJson()}}`;
  }

  /** Binds the listener; a proxy already started stays as it is. */
  async start(): Promise<void> {
    if (this.#server) return;
    this.#server = await listenOn(this.#listen, (client) => this.#accept(client));
    this.#listen = boundAddress(this.#server);
    this.#counters('upstream');
    this.#counters('downstream');
  }

  /** Closes the listener and cuts every connection. */
  stop(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const connection of this.#connections) connection.destroy();
  }

  /** Whether these settings are another address than the present one. Port 0 always is. */
  async differs(settings: { listen: string; upstream: string }): Promise<boolean> {
    const listen = formatAddress(await resolveAddress(settings.listen));
    return listen !== this.#listen || settings.upstream !== this.#upstream;
  }

  /** Moves, starts or stops the proxy. When it cannot start at its new address it stays there, stopped. */
  async update({ listen, upstream, enabled }: Omit<ProxySettings, 'name'> & { enabled: boolean }): Promise<void> {
    if (await this.differs({ listen, upstream })) {
      this.stop();
      this.#listen = listen;
      this.#upstream = upstream;
    }
    if (enabled) await this.start();
    else this.stop();
  }

  toxicsJson(): string {
    return `[${[...this.#toxicsOf('upstream'), ...this.#toxicsOf('downstream')].map(toxicJson).join(',')}]`;
  }

  toxic(name: string): Toxic {
    const found = this.#toxics.find((toxic) => toxic.name === name);
    if (!found) throw toxicNotFound();
    return found;
  }

  addToxic(body: Json): Toxic {
    const toxic = newToxic(body, (name) => {
      if (this.#toxics.some((other) => other.name === name)) throw toxicAlreadyExists();
    });
    this.#toxics.push(toxic);
    for (const link of this.#links(toxic.direction)) link.add(toxic);
    return toxic;
  }

  updateToxic(name: string, body: Json): Toxic {
    const toxic = this.toxic(name);
    Object.assign(toxic, changedToxic(toxic, body));
    for (const link of this.#links(toxic.direction)) link.update(toxic);
    return toxic;
  }

  removeToxic(name: string): void {
    const toxic = this.toxic(name);
    this.#toxics = this.#toxics.filter((other) => other !== toxic);
    for (const link of this.#links(toxic.direction)) link.remove(toxic);
  }

  removeToxics(): void {
    for (const { name } of this.#toxics) this.removeToxic(name);
  }

  #accept(client: Socket): void {
    const upstream = upstreamAddress(this.#upstream);
    if (!upstream) {
      client.destroy();
      return;
    }
    this.#accepted += 1;
    const ordinal = this.#accepted;
    const connection = new Connection({
      client,
      upstream,
      toxics: (direction) => this.#toxicsOf(direction),
      counters: (direction) => this.#counters(direction),
      random: (direction) => seededRandom(this.#seed, `${this.name} ${direction} ${ordinal}`),
      onClosed: (closed) => this.#connections.delete(closed),
    });
    this.#connections.add(connection);
  }

  #toxicsOf(direction: Direction): Toxic[] {
    return this.#toxics.filter((toxic) => toxic.direction === direction);
  }

  #links(direction: Direction) {
    return [...this.#connections].flatMap((connection) => connection.links(direction));
  }

  #counters(direction: Direction): Counters {
    return this.#metrics.counters({
      direction,
      listener: this.#listen,
      proxy: this.name,
      upstream: this.#upstream,
    });
  }
}

async function listenOn(listen: string, onClient: (client: Socket) => void): Promise<Server> {
  let address: Address;
  try {
    address = await resolveAddress(listen);
  } catch (error) {
    throw new Error(`listen tcp: ${error instanceof Error ? error.message : error}`);
  }
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onClient);
  // As in the original, 0.0.0.0 is every interface, IPv6 included.
  const host = address.host === '0.0.0.0' ? '' : address.host;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(bindError(address, error))));
    server.listen({ port: address.port, ...(host === '' ? {} : { host }) }, resolve);
  });
  server.removeAllListeners('error');
  // Out of file descriptors: the listener stays, the client at hand is lost.
  server.on('error', () => {});
  return server;
}

function bindError(address: Address, error: NodeJS.ErrnoException): string {
  return `listen tcp ${formatAddress(address)}: bind: ${BIND_ERRORS[error.code ?? ''] ?? error.message}`;
}

const BIND_ERRORS: Record<string, string> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
};

function boundAddress(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error(`expected a TCP address, got ${bound}`);
  return formatAddress({ host: bound.address, port: bound.port });
}

function upstreamAddress(text: string): Address | undefined {
  try {
    return parseAddress(text);
  } catch {
    return undefined;
  }
}
