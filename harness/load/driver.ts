import { Agent, type Dispatcher } from 'undici';
import { RequestFailed } from './user.ts';

/** One HTTP exchange, as the load engine needs it. No retries, no redirects: what was asked is what is measured. */
export interface Driver {
  send(request: WireRequest): Promise<WireResponse>;
  close(): Promise<void>;
}

export interface WireRequest {
  origin: string;
  path: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers: Record<string, string>;
  body: string | undefined;
  timeoutMs: number;
}

export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  /** Every Set-Cookie header, which cannot be joined into one. */
  setCookies: string[];
  body: string;
}

/**
 * Drives undici with a pool of keep-alive connections per origin. `connections` bounds the pool: a request beyond it
 * waits, and that wait is part of its service time.
 */
export function undiciDriver(options: { connections: number }): Driver {
  const agent = new Agent({
    connections: options.connections,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    connect: { timeout: 10_000 },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    send: (request) =>
      new Promise((resolve, reject) => agent.dispatch(optionsOf(request), new Exchange(request, resolve, reject))),
    close: () => agent.destroy(),
  };
}

function optionsOf(request: WireRequest): Dispatcher.DispatchOptions {
  const { origin, path, method, headers, body } = request;
  return { origin, path, method, headers, body: body ?? null };
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: WireRequest;
  readonly #resolve: (response: WireResponse) => void;
  readonly #reject: (error: RequestFailed) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #timedOut = false;
  #status = 0;
  #headers: Record<string, string> = {};
  #setCookies: string[] = [];

  constructor(request: WireRequest, resolve: (response: WireResponse) => void, reject: (error: RequestFailed) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(() => this.#timeOut(), request.timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#timedOut) controller.abort(new Error('timed out before it was sent'));
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
      else this.#headers[name] = Array.isArray(value) ? value.join(', ') : value;
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    clearTimeout(this.#timer);
    const [only = EMPTY] = this.#chunks;
    const body = (this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : only).toString();
    this.#resolve({ status: this.#status, headers: this.#headers, setCookies: this.#setCookies, body });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#timer);
    if (!this.#timedOut) this.#reject(failure(error));
  }

  /** The caller is told at once; the connection is dropped as soon as there is one. */
  #timeOut(): void {
    this.#timedOut = true;
    const { method, path, timeoutMs } = this.#request;
    const error = new RequestFailed('timeout', `${method} ${path} took longer than ${timeoutMs} ms`, undefined);
    this.#reject(error);
    this.#controller?.abort(error);
  }
}

const EMPTY = Buffer.alloc(0);

function failure(error: Error & { code?: string }): RequestFailed {
  const code = error.code ?? '';
  const kind =
    code === 'ECONNREFUSED'
      ? 'refused'
      : code === 'UND_ERR_CONNECT_TIMEOUT'
        ? 'timeout'
        : code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE'
          ? 'reset'
          : 'other';
  return new RequestFailed(kind, code ? `${code}: ${error.message}` : error.message, error);
}
