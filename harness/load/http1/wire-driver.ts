import { DRIVER_DEFAULTS, type Driver, type DriverOptions, type WireRequest } from '../driver.ts';
import { RequestFailed } from '../user.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { requestBytes } from './request-bytes.ts';

export interface WireDriverOptions extends DriverOptions {
  /** Connections come from these in turn, so that one address does not run out of ports. */
  localAddresses?: readonly string[];
}

/**
 * Speaks HTTP/1.1 in the clear over plain sockets, at a fraction of a general client's cost: one write for a request,
 * no event or timer or stream for each. Keeps connections; never retries.
 */
export function wireDriver(given: WireDriverOptions): Driver {
  const options = { ...DRIVER_DEFAULTS, ...given };
  const pools = new Map<string, Pool>();
  /** That of the last request, which nearly always is that of the next one too. */
  let last: { origin: string; pool: Pool } | undefined;
  let sweeping: NodeJS.Timeout | undefined;
  let closed = false;
  const sweep = () => {
    sweeping = undefined;
    const nowMs = options.nowMs();
    let busy = false;
    for (const pool of pools.values()) busy = pool.sweep(nowMs) || busy;
    if (busy) sweeping = setTimeout(sweep, SWEEP_MS);
  };
  const poolOf = (origin: string): Pool | RequestFailed => {
    if (last?.origin === origin) return last.pool;
    let pool = pools.get(origin);
    if (!pool) {
      const address = addressOf(origin);
      if (address instanceof RequestFailed) return address;
      pool = new Pool(address, options);
      pools.set(origin, pool);
    }
    last = { origin, pool };
    return pool;
  };
  return {
    send(request) {
      const pool = closed ? DRIVER_CLOSED : poolOf(request.origin);
      if (pool instanceof RequestFailed) queueMicrotask(() => request.failed(pool));
      else {
        sweeping ??= setTimeout(sweep, SWEEP_MS);
        pool.send(request);
      }
    },
    cancel: (request) => pools.get(request.origin)?.cancel(request),
    release(owner) {
      for (const pool of pools.values()) pool.release(owner);
    },
    get sockets() {
      let open = 0;
      for (const pool of pools.values()) open += pool.sockets;
      return open;
    },
    async close() {
      closed = true;
      clearTimeout(sweeping);
      for (const pool of pools.values()) pool.close();
    },
  };
}

/** The connections to one origin: the one used last is used next, so that a pool that is too large shrinks by itself. */
class Pool {
  readonly #host: string;
  readonly #most: number;
  readonly #connectionOptions: ConnectionOptions;
  readonly #all = new Set<Connection>();
  readonly #free: Connection[] = [];
  /** The free connections of users that have their own. */
  readonly #owned = new Map<number, Connection[]>();
  readonly #waiting = new Waiting();

  constructor({ authority, host, port }: Address, options: WireDriverOptions & typeof DRIVER_DEFAULTS) {
    this.#host = authority;
    this.#most = options.connections;
    const { localAddresses = [], connectTimeoutMs, nowMs } = options;
    let turn = 0;
    this.#connectionOptions = {
      host,
      port,
      limits: options,
      connectTimeoutMs,
      nowMs,
      nextLocalAddress: () => localAddresses[turn++ % localAddresses.length],
      onFree: (connection) => this.#freed(connection),
      onGone: (connection) => this.#lost(connection),
    };
  }

  get sockets(): number {
    return this.#all.size;
  }

  send(request: WireRequest): void {
    const bytes = requestBytes(request, this.#host);
    if (bytes instanceof RequestFailed) {
      queueMicrotask(() => request.failed(bytes));
      return;
    }
    const connection = this.#takeFree(request.owner, request.startedMs);
    if (connection) connection.send(request, bytes);
    else if (this.#all.size < this.#most) this.#connect(request, bytes);
    else this.#waiting.push({ request, bytes });
  }

  cancel(request: WireRequest): void {
    const aborted = new RequestFailed('aborted', `${request.method} ${request.path} was aborted`, undefined);
    if (this.#waiting.remove(request)) request.failed(aborted);
    for (const connection of this.#all) if (connection.carries(request)) connection.destroy(aborted);
  }

  release(owner: number): void {
    for (const connection of this.#owned.get(owner) ?? []) connection.destroy(DRIVER_CLOSED);
    this.#owned.delete(owner);
  }

  /** Ends what has taken too long, on connections and in the queue. Says whether anything is left to look after. */
  sweep(nowMs: number): boolean {
    for (const connection of this.#all) connection.checkDeadline(nowMs);
    for (const { request } of this.#waiting.takeOverdue(nowMs)) {
      const { method, path, timeoutMs } = request;
      const message = `${method} ${path} waited longer than ${timeoutMs} ms for one of ${this.#most} connections`;
      request.failed(new RequestFailed('timeout', message, undefined));
    }
    return this.#all.size > 0;
  }

  close(): void {
    for (const { request } of this.#waiting.takeOverdue(Number.POSITIVE_INFINITY)) request.failed(DRIVER_CLOSED);
    for (const connection of [...this.#all]) connection.destroy(DRIVER_CLOSED);
  }

  #takeFree(owner: number | undefined, nowMs: number): Connection | undefined {
    const free = owner === undefined ? this.#free : this.#owned.get(owner);
    if (free === undefined) return undefined;
    for (let connection = free.pop(); connection; connection = free.pop()) {
      if (nowMs < connection.freeUntilMs) return connection;
      connection.destroy(DRIVER_CLOSED);
    }
    return undefined;
  }

  #connect(request: WireRequest, bytes: string | Buffer): void {
    this.#all.add(new Connection(this.#connectionOptions, request, bytes));
  }

  #freed(connection: Connection): void {
    const { owner } = connection;
    if (owner !== undefined) {
      const own = this.#owned.get(owner);
      if (own) own.push(connection);
      else this.#owned.set(owner, [connection]);
      return;
    }
    const next = this.#waiting.shift();
    if (next) connection.send(next.request, next.bytes);
    else this.#free.push(connection);
  }

  #lost(connection: Connection): void {
    this.#all.delete(connection);
    const free = connection.owner === undefined ? this.#free : (this.#owned.get(connection.owner) ?? []);
    const index = free.indexOf(connection);
    if (index >= 0) free.splice(index, 1);
    const next = this.#waiting.shift();
    if (next) this.#connect(next.request, next.bytes);
  }
}

const DRIVER_CLOSED = new RequestFailed('other', 'the driver was closed', undefined);

interface Address {
  /** What the Host header says. */
  authority: string;
  host: string;
  port: number;
}

function addressOf(origin: string): Address | RequestFailed {
  const { protocol, host, hostname, port } = new URL(origin);
  if (protocol !== 'http:')
    return new RequestFailed('other', `the wire driver speaks http only, got ${origin}`, undefined);
  return { authority: host, host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) };
}

interface Waiter {
  request: WireRequest;
  bytes: string | Buffer;
}

/**
 * Requests without a connection, first come, first served. It may hold every user there is, so nothing is O(n) but the
 * look at deadlines.
 */
class Waiting {
  #queue: Waiter[] = [];
  #first = 0;

  push(waiter: Waiter): void {
    this.#queue.push(waiter);
  }

  shift(): Waiter | undefined {
    const waiter = this.#queue[this.#first];
    if (waiter === undefined) return undefined;
    this.#first++;
    if (this.#first > 1_024 && this.#first * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return waiter;
  }

  takeOverdue(nowMs: number): Waiter[] {
    return this.#take(({ request }) => nowMs >= request.startedMs + request.timeoutMs);
  }

  remove(request: WireRequest): boolean {
    return this.#take((waiter) => waiter.request === request).length > 0;
  }

  #take(wanted: (waiter: Waiter) => boolean): Waiter[] {
    const waiting = this.#first === 0 ? this.#queue : this.#queue.slice(this.#first);
    const taken = waiting.filter(wanted);
    if (taken.length > 0) {
      this.#queue = waiting.filter((waiter) => !wanted(waiter));
      this.#first = 0;
    }
    return taken;
  }
}

/** How late a timeout may come. */
const SWEEP_MS = 20;
