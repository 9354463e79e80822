import { Agent, type buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import { DRIVER_DEFAULTS, type Driver, type DriverOptions, type WireRequest } from './driver.ts';
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
  const { connections, connectTimeoutMs, headBytes, bodyBytes, proxy } = { ...DRIVER_DEFAULTS, ...options };
  const { connect, http2 = false, insecure = false } = options;
  const tls = { rejectUnauthorized: !insecure };
  const pool = {
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
  const agent = proxy === undefined ? new Agent(pool) : new ProxyAgent({ ...pool, uri: proxy, requestTls: tls });
  const underWay = new Map<WireRequest, Exchange>();
  return {
    send(request) {
      const exchange = new Exchange(request, () => underWay.delete(request));
      underWay.set(request, exchange);
      agent.dispatch(optionsOf(request), exchange);
    },
    cancel(request) {
      const what = `${request.method} ${request.path} was aborted`;
      underWay.get(request)?.giveUp(new RequestFailed('aborted', what, undefined));
    },
    release() {},
    get sockets() {
      const stats = agent instanceof Agent ? Object.values(agent.stats) : [];
      return stats.reduce((sum, { connected }) => sum + Number(connected), 0);
    },
    close: () => agent.destroy(),
  };
}

function optionsOf({ origin, path, method, headers, body }: WireRequest): Dispatcher.DispatchOptions {
  return { origin, path, method, headers: headers ?? null, body: body ?? null };
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: WireRequest;
  readonly #onEnd: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #givenUp: RequestFailed | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  #setCookies: string[] = [];

  constructor(request: WireRequest, onEnd: () => void) {
    this.#request = request;
    this.#onEnd = onEnd;
    const { method, path, timeoutMs } = request;
    const late = `${method} ${path} took longer than ${timeoutMs} ms`;
    this.#timer = setTimeout(() => this.giveUp(new RequestFailed('timeout', late, undefined)), timeoutMs);
  }

  /** The request is told at once; the connection is dropped as soon as there is one. */
  giveUp(why: RequestFailed): void {
    this.#givenUp = why;
    this.#end();
    this.#request.failed(why);
    this.#controller?.abort(why);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#givenUp) controller.abort(this.#givenUp);
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined) continue;
      if (name === 'set-cookie') this.#setCookies = [value].flat();
      else
        this.#headers[name] = [value]
          .flat()
          .map((each) => each.trim())
          .join(', ');
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#end();
    const [only = EMPTY] = this.#chunks;
    const body = (this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : only).toString();
    this.#request.answered({ status: this.#status, headers: this.#headers, setCookies: this.#setCookies, body });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#givenUp) return;
    this.#end();
    this.#request.failed(failureOf(error, this.#status > 0));
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#onEnd();
  }
}

const EMPTY = Buffer.alloc(0);

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
