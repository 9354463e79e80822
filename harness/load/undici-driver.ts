import { type buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { DRIVER_DEFAULTS, type Driver, type DriverOptions, type WireRequest, type WireResponse } from './driver.ts';
import { type FailureKind, RequestFailed } from './user.ts';

export interface UndiciDriverOptions extends DriverOptions {
  /** Takes the place of its own connector. */
  connect?: buildConnector.connector;
  /** Over TLS, where the server offers it. */
  http2?: boolean;
  proxy?: string;
  /** Takes any certificate. */
  insecure?: boolean;
}

/** Drives undici with a pool of keep-alive connections per origin. */
export function undiciDriver(options: UndiciDriverOptions): Driver {
  const { connections, connectTimeoutMs, headBytes, bodyBytes, proxy, nowMs } = { ...DRIVER_DEFAULTS, ...options };
  const { connect, http2 = false, insecure = false } = options;
  const tls = { rejectUnauthorized: !insecure };
  const settings = {
    connections: Number.isFinite(connections) ? connections : null,
    pipelining: http2 ? 100 : 1,
    keepAliveTimeout: 30_000,
    connect: connect ?? { timeout: connectTimeoutMs, ...tls },
    allowH2: http2,
    maxHeaderSize: headBytes,
    maxResponseSize: bodyBytes,
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const agent = proxy === undefined ? undefined : new ProxyAgent({ ...settings, uri: proxy, requestTls: tls });
  // A pool each, and not an Agent: that looks up and copies more for a request than the request costs.
  const pools = new Map<string, Pool>();
  const underWay = new UnderWay();
  let sweeping: NodeJS.Timeout | undefined;
  const sweep = () => {
    sweeping = undefined;
    underWay.checkDeadlines(nowMs());
    if (underWay.size > 0) sweeping = setTimeout(sweep, SWEEP_MS);
  };
  const poolOf = (origin: string): Pool => {
    const known = pools.get(origin);
    if (known) return known;
    const pool = new Pool(origin, settings);
    pools.set(origin, pool);
    return pool;
  };
  return {
    send(request) {
      const exchange = new Exchange(request, underWay, nowMs);
      underWay.add(exchange);
      sweeping ??= setTimeout(sweep, SWEEP_MS);
      (agent ?? poolOf(request.origin)).dispatch(optionsOf(request), exchange);
    },
    cancel(request) {
      const what = `${request.method} ${request.path} was aborted`;
      underWay.find(request)?.giveUp(new RequestFailed('aborted', what, undefined));
    },
    release() {},
    get sockets() {
      let open = 0;
      for (const { stats } of pools.values()) open += Number(stats.connected);
      return open;
    },
    async close() {
      clearTimeout(sweeping);
      await Promise.all([agent, ...pools.values()].map((each) => each?.destroy()));
    },
  };
}

function optionsOf({ origin, path, method, headers, body }: WireRequest): Dispatcher.DispatchOptions {
  return { origin, path, method, headers: headers ?? null, body: body ?? null };
}

/**
 * What has been sent and not answered. An array in which the last takes the place of the one that leaves, and not a Map: a
 * Map that things come into and leave makes itself anew every few dozen of them, and each of those that has lived for long
 * keeps all later ones, and what was in them, from the collections of the young generation.
 */
class UnderWay {
  readonly #exchanges: Exchange[] = [];

  get size(): number {
    return this.#exchanges.length;
  }

  add(exchange: Exchange): void {
    exchange.place = this.#exchanges.length;
    this.#exchanges.push(exchange);
  }

  remove(exchange: Exchange): void {
    const { place } = exchange;
    if (this.#exchanges[place] !== exchange) return;
    const last = this.#exchanges.pop();
    if (last === undefined || last === exchange) return;
    last.place = place;
    this.#exchanges[place] = last;
  }

  find(request: WireRequest): Exchange | undefined {
    return this.#exchanges.find((exchange) => exchange.request === request);
  }

  checkDeadlines(nowMs: number): void {
    for (const exchange of [...this.#exchanges]) exchange.checkDeadline(nowMs);
  }
}

class Exchange implements Dispatcher.DispatchHandler, WireResponse {
  status = 0;
  readonly request: WireRequest;
  /** Its index among those under way. */
  place = 0;
  readonly #underWay: UnderWay;
  readonly #nowMs: () => number;
  #controller: Dispatcher.DispatchController | undefined;
  #givenUp: RequestFailed | undefined;
  #fields: Record<string, string | string[] | undefined> = {};
  #chunk: Buffer = EMPTY;
  #moreChunks: Buffer[] | undefined;

  constructor(request: WireRequest, underWay: UnderWay, nowMs: () => number) {
    this.request = request;
    this.#underWay = underWay;
    this.#nowMs = nowMs;
  }

  checkDeadline(nowMs: number): void {
    const { method, path, startedMs, timeoutMs } = this.request;
    if (nowMs < startedMs + timeoutMs) return;
    this.giveUp(new RequestFailed('timeout', `${method} ${path} took longer than ${timeoutMs} ms`, undefined));
  }

  /** The request is told at once; the connection is dropped as soon as there is one. */
  giveUp(why: RequestFailed): void {
    this.#givenUp = why;
    this.#underWay.remove(this);
    this.request.failed(why);
    this.#controller?.abort(why);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#givenUp) controller.abort(this.#givenUp);
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    fields: Record<string, string | string[] | undefined>,
  ): void {
    this.status = status;
    this.#fields = fields;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#chunk === EMPTY) this.#chunk = chunk;
    else if (this.#moreChunks) this.#moreChunks.push(chunk);
    else this.#moreChunks = [chunk];
  }

  onResponseEnd(): void {
    this.#underWay.remove(this);
    this.request.answered(this, this.#nowMs());
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#givenUp) return;
    this.#underWay.remove(this);
    this.request.failed(failureOf(error, this.status > 0));
  }

  // What follows is made only when a flow looks at it.

  get headers(): Readonly<Record<string, string>> {
    const headers: Record<string, string> = Object.create(null);
    for (const [name, value] of Object.entries(this.#fields)) {
      if (value === undefined || name === 'set-cookie') continue;
      headers[name] = Array.isArray(value) ? value.map((each) => each.trim()).join(', ') : value.trim();
    }
    return headers;
  }

  get setCookies(): readonly string[] {
    const lines = this.#fields['set-cookie'];
    if (lines === undefined) return NONE;
    return Array.isArray(lines) ? lines : [lines];
  }

  get body(): string {
    const more = this.#moreChunks;
    return (more ? Buffer.concat([this.#chunk, ...more]) : this.#chunk).toString();
  }
}

const EMPTY = Buffer.alloc(0);
const NONE: readonly string[] = [];
/** How late a timeout may come. */
const SWEEP_MS = 20;

/**
 * undici's errors in the words of the report; what the wire driver calls by a name has the same name here. Two things
 * undici does not tell: whether a connection that ended had served before (`stale`), and whether a head had begun.
 */
function failureOf(error: Error & { code?: string }, hasBegun: boolean): RequestFailed {
  const code = error.code ?? '';
  return new RequestFailed(kindOf(error, code, hasBegun), code ? `${code}: ${error.message}` : error.message, error);
}

function kindOf({ name, message }: Error, code: string, hasBegun: boolean): FailureKind {
  if (name === 'HTTPParserError') return message.includes('Invalid EOF state') ? 'truncated' : 'malformed';
  if (code === 'UND_ERR_SOCKET') return hasBegun ? 'truncated' : 'reset';
  return KINDS[code] ?? 'other';
}

const KINDS: Record<string, FailureKind> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EADDRNOTAVAIL: 'no-port',
  EMFILE: 'no-descriptor',
  ENFILE: 'no-descriptor',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'malformed',
  UND_ERR_HEADERS_OVERFLOW: 'too-large',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too-large',
};
