import { connect, type Socket } from 'node:net';
import type { WireRequest } from '../driver.ts';
import { RequestFailed } from '../user.ts';
import { ParsedResponse } from './parsed-response.ts';
import { type ParserLimits, ResponseParser } from './response-parser.ts';

export interface ConnectionOptions {
  host: string;
  port: number;
  limits: ParserLimits;
  connectTimeoutMs: number;
  nowMs: () => number;
  /** Which of this machine's addresses the next connection comes from; undefined leaves it to the system. */
  nextLocalAddress: () => string | undefined;
  /** Can carry the next request. */
  onFree: (connection: Connection) => void;
  /** Will carry none any more. */
  onGone: (connection: Connection) => void;
}

/**
 * One connection, one request at a time. Bytes are read into a buffer that all connections share, because they are
 * taken out of it before the next read.
 */
export class Connection {
  /** Whose it is, where each user has its own. */
  readonly owner: number | undefined;
  /** Until when the server keeps it while it is free. */
  freeUntilMs = 0;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #parser: ResponseParser;
  #request: WireRequest | undefined;
  readonly #connectDeadlineMs: number;
  #connected = false;
  #served = 0;
  #gone = false;

  /** Connects, and sends the request as soon as it can. */
  constructor(options: ConnectionOptions, request: WireRequest, bytes: string | Buffer) {
    const { host, port, limits, connectTimeoutMs, nextLocalAddress } = options;
    this.owner = request.owner;
    this.#options = options;
    this.#parser = new ResponseParser(limits);
    this.#request = request;
    this.#connectDeadlineMs = options.nowMs() + connectTimeoutMs;
    const localAddress = nextLocalAddress();
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      onread: { buffer: SHARED, callback: this.#onRead },
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.#socket.on('connect', this.#onConnect).on('end', this.#onEnd).on('error', this.#onError);
    this.#parser.expect(request.method);
    this.#socket.write(bytes, 'latin1');
  }

  /** Sends a request over a connection that is free. */
  send(request: WireRequest, bytes: string | Buffer): void {
    this.#request = request;
    this.#parser.expect(request.method);
    this.#socket.write(bytes, 'latin1');
  }

  /** Gives up what has taken too long. */
  checkDeadline(nowMs: number): void {
    const request = this.#request;
    if (request === undefined) return;
    const { method, path, startedMs, timeoutMs } = request;
    if (nowMs >= startedMs + timeoutMs) {
      this.#end(new RequestFailed('timeout', `${method} ${path} took longer than ${timeoutMs} ms`, undefined));
    } else if (!this.#connected && nowMs >= this.#connectDeadlineMs) {
      const { host, port, connectTimeoutMs } = this.#options;
      const message = `no connection to ${host}:${port} within ${connectTimeoutMs} ms`;
      this.#end(new RequestFailed('connect-timeout', message, undefined));
    }
  }

  carries(request: WireRequest): boolean {
    return this.#request === request;
  }

  /** Closes it; a request under way fails with this. */
  destroy(failed: RequestFailed): void {
    this.#end(failed);
  }

  readonly #onConnect = (): void => {
    this.#connected = true;
  };

  readonly #onRead = (count: number): boolean => {
    const request = this.#request;
    // Bytes that nobody has asked for: whatever comes next cannot be told apart from them.
    if (request === undefined) this.#end(undefined);
    else {
      const outcome = this.#parser.feed(SHARED, count);
      if (outcome === 'done') this.#answered(request);
      else if (outcome === 'failed') {
        const { kind = 'malformed', message = '' } = this.#parser.problem ?? {};
        this.#end(new RequestFailed(kind, message, undefined));
      }
    }
    return !this.#gone;
  };

  readonly #onEnd = (): void => {
    const request = this.#request;
    if (request === undefined) this.#end(undefined);
    else if (!this.#parser.begun) this.#end(this.#closedUnanswered('closed'));
    else if (this.#parser.close() === 'done') this.#answered(request);
    else this.#end(new RequestFailed('truncated', 'the server closed the connection within its answer', undefined));
  };

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    const wasReset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    this.#end(
      wasReset && this.#connected && !this.#parser.begun ? this.#closedUnanswered('reset') : socketFailure(error),
    );
  };

  /**
   * A server may close a connection that it finds idle at the very moment a request is sent over it (RFC 9112 section
   * 9.3.1). That is nobody's error, so it has a name of its own; and nobody repeats the request in silence.
   */
  #closedUnanswered(how: 'closed' | 'reset'): RequestFailed {
    return this.#served > 0
      ? new RequestFailed('stale', `the server ${how} a kept connection as the request was sent`, undefined)
      : new RequestFailed('reset', `the server ${how} the connection without an answer`, undefined);
  }

  #answered(request: WireRequest): void {
    const parser = this.#parser;
    const nowMs = this.#options.nowMs();
    const response = new ParsedResponse(parser.status, parser.head, parser.body);
    this.#request = undefined;
    this.#served++;
    const keptMs =
      parser.keepAliveSec === undefined ? IDLE_MS : Math.min(IDLE_MS, parser.keepAliveSec * 1_000 - MARGIN_MS);
    if (parser.keepAlive && keptMs > 0) {
      this.freeUntilMs = nowMs + keptMs;
      this.#options.onFree(this);
    } else this.#end(undefined);
    request.answered(response, nowMs);
  }

  #end(failed: RequestFailed | undefined): void {
    const request = this.#request;
    this.#request = undefined;
    if (!this.#gone) {
      this.#gone = true;
      this.#socket.destroy();
      this.#options.onGone(this);
    }
    if (failed !== undefined) request?.failed(failed);
  }
}

/** What the operating system said, in the words of the report. */
function socketFailure(error: NodeJS.ErrnoException): RequestFailed {
  const code = error.code ?? '';
  return new RequestFailed(SOCKET_ERRORS[code] ?? 'other', code ? `${code}: ${error.message}` : error.message, error);
}

const SOCKET_ERRORS: Record<string, RequestFailed['kind']> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'connect-timeout',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EADDRNOTAVAIL: 'no-port',
  EMFILE: 'no-descriptor',
  ENFILE: 'no-descriptor',
};

const SHARED = Buffer.allocUnsafeSlow(65_536);
const IDLE_MS = 30_000;
/** A server that says it keeps a connection for 5 s means its own clock: leave it before it leaves us. */
const MARGIN_MS = 1_000;
