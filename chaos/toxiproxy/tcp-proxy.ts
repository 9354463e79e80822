import { createServer, type Server, type Socket } from 'node:net';
import { type Address, formatAddress, parseAddress, resolveAddress } from './address.ts';
import { ApiError, toxicAlreadyExists, toxicNotFound } from './api-error.ts';
import { Connection } from './connection.ts';
import { ConnectionTally } from './connection-tally.ts';
import { errorText } from './error-text.ts';
import type { Cause, EventLog } from './event-log.ts';
import { ttlField } from './extension-fields.ts';
import { type Json, toJson } from './go-json.ts';
import { Lease } from './lease.ts';
import { listening } from './listening.ts';
import type { Log, LogFields } from './log.ts';
import type { Counters, Metrics, ProxyGauges } from './metrics.ts';
import { seededRandom } from './random.ts';
import { changedToxic, type Direction, newToxic, type Toxic, toxicJson, toxicObject, type Wanted } from './toxic.ts';

export interface ProxySettings {
  name: string;
  /** `host:port`; the address bound to once the proxy has started. */
  listen: string;
  upstream: string;
}

/** What all proxies of a server share. */
export interface Surroundings {
  metrics: Metrics;
  events: EventLog;
  seed: number;
  log: Log;
  /** Does something when no other start, stop or change of a proxy is under way. */
  inTurn(work: () => Promise<void>): Promise<void>;
}

/** A listener, the connections it accepted, and the toxics that work on them. */
export class TcpProxy {
  readonly name: string;
  readonly #surroundings: Surroundings;
  readonly #tally: ConnectionTally;
  readonly #connections = new Set<Connection>();
  #toxics: Toxic[] = [];
  #listen: string;
  #upstream: string;
  #server: Server | undefined;
  #accepted = 0;
  /** Enables a disabled proxy again unless it is renewed. An extension. */
  #lease: Lease | undefined;

  constructor({ name, listen, upstream }: ProxySettings, toxics: readonly Wanted<Toxic>[], surroundings: Surroundings) {
    this.name = name;
    this.#listen = listen;
    this.#upstream = upstream;
    this.#surroundings = surroundings;
    this.#tally = new ConnectionTally(name, surroundings.events);
    for (const toxic of toxics) this.#plant(toxic);
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
    const lease = this.#lease ? `,${toJson(this.#lease.toJson()).slice(1, -1)}` : '';
    return `${head.slice(0, -1)},"toxics":${this.toxicsJson()}${lease}}`;
  }

  /** Binds the listener; a proxy already started stays as it is. */
  async start(): Promise<void> {
    if (this.#server) return;
    this.#server = await listenOn(this.#listen, (client) => this.#accept(client));
    this.#listen = boundAddress(this.#server);
    this.#surroundings.log.info('Started proxy', this.#logFields());
    this.#dropLease();
    this.#counters('upstream');
    this.#counters('downstream');
  }

  /** Takes no more clients; those there are go on. */
  closeListener(): void {
    this.#server?.close();
  }

  /** Closes the listener and cuts every connection. */
  stop(): void {
    if (!this.#server) return;
    this.#server.close();
    this.#server = undefined;
    for (const connection of this.#connections) connection.destroy();
    this.#surroundings.log.info('Terminated proxy', this.#logFields());
  }

  /** Stops for good. */
  close(): void {
    this.stop();
    this.#dropLease();
    for (const { lease } of this.#toxics) lease?.cancel();
  }

  /** Stays disabled for so long, or as long again, unless it is enabled before. */
  leaseDisabled(ttlMs: number | undefined): void {
    if (this.#server) throw new ApiError(409, `proxy is enabled: a lease is for a disabled one`);
    if (this.#lease) this.#lease.renew(ttlMs);
    else if (ttlMs === undefined) throw noTtl();
    else this.#lease = new Lease(ttlMs, (lease) => this.#enableAgain(lease));
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

  get toxicObjects(): object[] {
    return this.#toxics.map(toxicObject);
  }

  toxicsJson(): string {
    return `[${[...this.#toxicsOf('upstream'), ...this.#toxicsOf('downstream')].map(toxicJson).join(',')}]`;
  }

  toxic(name: string): Toxic {
    const found = this.#toxics.find((toxic) => toxic.name === name);
    if (!found) throw toxicNotFound();
    return found;
  }

  /** Puts these in the place of all there are. */
  replaceToxics(toxics: readonly Wanted<Toxic>[]): void {
    this.removeToxics('api');
    for (const each of toxics) this.#tellAdded(this.#plant(each));
  }

  addToxic(body: Json): Toxic {
    const wanted = newToxic(body, (name) => {
      if (this.#toxics.some((other) => other.name === name)) throw toxicAlreadyExists();
    });
    return this.#tellAdded(this.#plant(wanted));
  }

  updateToxic(name: string, body: Json): Toxic {
    const toxic = this.toxic(name);
    const { ttlMs, ...changes } = changedToxic(toxic, body);
    Object.assign(toxic, changes);
    if (ttlMs !== undefined) this.#leaseToxic(toxic, ttlMs);
    for (const link of this.#links(toxic.direction)) link.update(toxic);
    this.#surroundings.events.add({ event: 'toxic updated', proxy: this.name, toxic: toxicObject(toxic) });
    return toxic;
  }

  /** It stays for so long, or as long again, unless it is removed before. */
  leaseToxic(name: string, body: Json): Toxic {
    const toxic = this.toxic(name);
    this.#leaseToxic(toxic, ttlField(body));
    return toxic;
  }

  removeToxic(name: string, by: Cause): void {
    const toxic = this.toxic(name);
    toxic.lease?.cancel();
    this.#toxics = this.#toxics.filter((other) => other !== toxic);
    for (const link of this.#links(toxic.direction)) link.remove(toxic);
    this.#surroundings.events.add({ event: 'toxic removed', proxy: this.name, toxic: name, by });
  }

  removeToxics(by: Cause): void {
    for (const { name } of this.#toxics) this.removeToxic(name, by);
  }

  #plant({ ttlMs, ...toxic }: Wanted<Toxic>): Toxic {
    if (ttlMs !== undefined) this.#leaseToxic(toxic, ttlMs);
    this.#toxics.push(toxic);
    for (const link of this.#links(toxic.direction)) link.add(toxic);
    return toxic;
  }

  #tellAdded(toxic: Toxic): Toxic {
    this.#surroundings.events.add({ event: 'toxic added', proxy: this.name, toxic: toxicObject(toxic) });
    return toxic;
  }

  #leaseToxic(toxic: Toxic, ttlMs: number | undefined): void {
    if (toxic.lease) toxic.lease.renew(ttlMs);
    else if (ttlMs === undefined) throw noTtl();
    else {
      toxic.lease = new Lease(ttlMs, () => {
        this.#surroundings.events.add({ event: 'lease ended', proxy: this.name, toxic: toxic.name });
        this.removeToxic(toxic.name, 'lease');
      });
    }
  }

  /** The lease of a disabled proxy has ended. A port that is taken meanwhile is tried again and again. */
  #enableAgain(ended: Lease): void {
    const { events, inTurn } = this.#surroundings;
    void inTurn(async () => {
      if (this.#lease !== ended) return;
      try {
        await this.start();
      } catch (error) {
        events.add({
          event: 'lease ended',
          proxy: this.name,
          error: errorText(error),
        });
        ended.renew(RETRY_MS);
        return;
      }
      events.add({ event: 'lease ended', proxy: this.name });
      events.add({
        event: 'proxy updated',
        proxy: this.name,
        listen: this.#listen,
        upstream: this.#upstream,
        enabled: true,
        by: 'lease',
      });
    });
  }

  #dropLease(): void {
    this.#lease?.cancel();
    this.#lease = undefined;
  }

  #logFields(): LogFields {
    return { name: this.name, listen: this.#listen, upstream: this.#upstream };
  }

  #accept(client: Socket): void {
    const { log } = this.#surroundings;
    const clientFields = () => ({ client: `${client.remoteAddress}:${client.remotePort}` });
    if (log.has('info')) log.info('Accepted client', { ...this.#logFields(), ...clientFields() });
    const unreached = (error: string) => {
      if (!log.has('error')) return;
      log.error('Unable to open connection to upstream', { ...this.#logFields(), error, ...clientFields() });
    };
    const upstream = upstreamAddress(this.#upstream);
    if (!upstream) {
      unreached(`dial tcp: address ${this.#upstream}: missing port in address`);
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
      random: (direction) => seededRandom(this.#surroundings.seed, `${this.name} ${direction} ${ordinal}`),
      onUnreached: unreached,
      onClosed: (closed) => {
        this.#connections.delete(closed);
        this.#tally.closed();
      },
    });
    this.#connections.add(connection);
    this.#tally.opened();
  }

  #toxicsOf(direction: Direction): Toxic[] {
    return this.#toxics.filter((toxic) => toxic.direction === direction);
  }

  #links(direction: Direction) {
    return [...this.#connections].flatMap((connection) => connection.links(direction));
  }

  #counters(direction: Direction): Counters {
    return this.#surroundings.metrics.counters({
      direction,
      listener: this.#listen,
      proxy: this.name,
      upstream: this.#upstream,
    });
  }
}

const RETRY_MS = 1000;

const noTtl = () => new ApiError(400, 'ttlMs: expected, because there is no lease to renew');

async function listenOn(listen: string, onClient: (client: Socket) => void): Promise<Server> {
  let address: Address;
  try {
    address = await resolveAddress(listen);
  } catch (error) {
    throw new Error(`listen tcp: ${errorText(error)}`);
  }
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onClient);
  // As in the original, 0.0.0.0 is every interface, IPv6 included.
  const host = address.host === '0.0.0.0' ? '' : address.host;
  try {
    await listening(server, { port: address.port, ...(host === '' ? {} : { host }) });
  } catch (error) {
    throw new Error(bindError(address, error));
  }
  return server;
}

function bindError(address: Address, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? `${error.code}` : '';
  return `listen tcp ${formatAddress(address)}: bind: ${BIND_ERRORS[code] ?? errorText(error)}`;
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
