import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { counter, durationHistogram } from './metrics.ts';

/** What became of a request to another service. The caller may repeat it without harm only when it was never sent. */
export type UpstreamResult =
  | { kind: 'answer'; statusCode: number; headers: IncomingHttpHeaders; body: Buffer }
  /** No connection: not a byte of the request left this process. */
  | { kind: 'unsent'; error: Error }
  /** Sent, and then no complete answer: the effect may or may not exist. */
  | { kind: 'broken'; error: Error }
  | { kind: 'timeout'; sent: boolean };

export interface UpstreamRequest {
  method: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: Buffer | string;
  timeoutMs: number;
}

export interface Upstream {
  call(request: UpstreamRequest): Promise<UpstreamResult>;
  close(): Promise<void>;
}

interface UpstreamOptions {
  /** The `service` label: who calls. */
  service: string;
  /** The `upstream` label: who is called. */
  upstream: string;
  url: string;
  maxConnections: number;
}

const outcomes = counter('http_client_requests_total', 'Requests to other services.', [
  'service',
  'upstream',
  'outcome',
]);
const durations = durationHistogram('http_client_request_duration_seconds', 'Time of requests to other services.', [
  'service',
  'upstream',
]);

/** A keep-alive connection pool to one service. Answers are read whole, so a broken one is never passed on in half. */
export function connectUpstream({ service, upstream, url, maxConnections }: UpstreamOptions): Upstream {
  const pool = new Pool(url, {
    connections: maxConnections,
    pipelining: 1,
    connect: { timeout: 2_000 },
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 30_000,
    // Each call has a deadline of its own, to the millisecond; undici's timers are coarse.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const count = {
    answer: outcomes.labels(service, upstream, 'ok'),
    unsent: outcomes.labels(service, upstream, 'error'),
    broken: outcomes.labels(service, upstream, 'error'),
    timeout: outcomes.labels(service, upstream, 'timeout'),
  };
  const duration = durations.labels(service, upstream);

  return {
    call(request) {
      const startedAtMs = performance.now();
      return new Promise((resolve) => {
        const exchange = new Exchange(request.timeoutMs, (result) => {
          duration.observe((performance.now() - startedAtMs) / 1000);
          count[result.kind].inc();
          resolve(result);
        });
        pool.dispatch(
          {
            method: request.method as Dispatcher.HttpMethod,
            path: request.path,
            headers: request.headers ?? {},
            body: request.body ?? null,
          },
          exchange,
        );
      });
    },
    async close() {
      await pool.destroy();
    },
  };
}

/** One request and its answer, settled exactly once: by the answer, by an error, or by the deadline. */
class Exchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #statusCode = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #settle: ((result: UpstreamResult) => void) | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number, settle: (result: UpstreamResult) => void) {
    this.#settle = settle;
    this.#timer = setTimeout(() => {
      this.#finish({ kind: 'timeout', sent: this.#controller !== undefined });
      this.#controller?.abort(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // The deadline may have passed while the request waited for a connection: then it must not be sent any more.
    if (this.#settle === undefined) controller.abort(new Error('deadline passed before the request was sent'));
    else this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    this.#statusCode = statusCode;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [only] = this.#chunks;
    const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    this.#finish({ kind: 'answer', statusCode: this.#statusCode, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish(this.#controller === undefined ? { kind: 'unsent', error } : { kind: 'broken', error });
  }

  #finish(result: UpstreamResult): void {
    const settle = this.#settle;
    if (settle === undefined) return;
    this.#settle = undefined;
    clearTimeout(this.#timer);
    settle(result);
  }
}
