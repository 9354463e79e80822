import { parseDuration } from '../units.ts';
import { Answer } from './answer.ts';
import { type Browser, headersFor, keepCookies } from './browser.ts';
import type { Driver, Method, WireRequest, WireResponse } from './driver.ts';
import type { Ending, Recorder } from './recorder.ts';
import { requestBody } from './request-body.ts';
import { requestName } from './request-name.ts';
import type { FailureKind, RequestFailed, RequestOptions, Response } from './user.ts';

/** What a call needs of its engine. */
export interface CallContext {
  driver: Driver;
  recorder: Recorder;
  /** The run's clock. */
  nowMs: () => number;
  onFlight: (change: 1 | -1) => void;
  /** Origin of all requests, and what their paths begin with. */
  origin: string;
  pathPrefix: string;
}

/** Whose call it is. */
export interface Caller {
  browser: Browser | undefined;
  /** It acts now; when was it due to? */
  act(nowMs: number): number;
  uuid(): string;
}

/**
 * One request of a user from the moment it is sent: it is counted however it ends, and then told to the flow. One object,
 * and no closure but the promise's own: this is made for every request.
 */
export class Call implements WireRequest {
  readonly origin: string;
  path: string;
  method: Method;
  headers: Record<string, string> | undefined;
  body: string | Uint8Array | undefined;
  startedMs: number;
  readonly timeoutMs: number;
  readonly owner: number | undefined;
  /** Rejects with RequestFailed when there is none. */
  readonly answer: Promise<Response>;
  readonly #context: CallContext;
  readonly #caller: Caller;
  readonly #options: RequestOptions;
  readonly #name: string;
  #redirectsLeft: number;
  #dueMs: number;
  #onAbort: (() => void) | undefined;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: RequestFailed) => void;

  /** Sends it. @throws TypeError when it cannot be asked like that */
  constructor(context: CallContext, caller: Caller, method: Method, path: string, options: RequestOptions) {
    if (!path.startsWith('/')) throw new TypeError(`expected a path that begins with '/', got '${path}'`);
    const { browser } = caller;
    this.origin = context.origin;
    this.path = context.pathPrefix === '' ? path : context.pathPrefix + path;
    this.method = method;
    if (isPlain(options)) {
      this.headers = headersFor(browser, options, undefined);
      this.body = undefined;
    } else {
      const { body, contentType } = requestBody(options, () => `stampede-${caller.uuid()}`);
      this.headers = headersFor(browser, options, contentType);
      this.body = body;
    }
    this.timeoutMs = options.timeout === undefined ? DEFAULT_TIMEOUT_MS : timeoutMsOf(options.timeout);
    this.owner = browser?.owner;
    this.answer = new Promise(takeFunctions);
    this.#resolve = taken.resolve;
    this.#reject = taken.reject;
    this.#context = context;
    this.#caller = caller;
    this.#options = options;
    this.#name = options.as ?? requestName(method, path);
    this.#redirectsLeft = options.redirects ?? 0;
    this.startedMs = context.nowMs();
    this.#dueMs = caller.act(this.startedMs);
    this.#onAbort = undefined;
    this.#send();
  }

  answered(response: WireResponse, endedMs: number): void {
    const { status } = response;
    const { expect } = this.#options;
    const ok = expect ? expect.includes(status) : status >= 200 && status < 400;
    this.#count(ok ? 'ok' : classOf(status), endedMs);
    if (!ok) this.#trouble(`${this.method} ${this.path.replace(/\?.*/, '')} answered ${status}`);
    this.#operation(response);
    const { setCookies } = response;
    if (setCookies.length > 0) this.#caller.browser = keepCookies(this.#caller.browser, setCookies);
    if (this.#redirectsLeft > 0 && this.#follow(response)) return;
    this.#resolve(new Answer(response, ok));
  }

  failed(error: RequestFailed): void {
    this.#count(error.kind, this.#context.nowMs());
    this.#trouble(error.message);
    const { idempotencyKey: key } = this.#options;
    if (key !== undefined) this.#keep(key, NEVER_SENT.has(error.kind) ? 'fail' : 'unknown');
    this.#reject(error);
  }

  #send(): void {
    const { driver, onFlight } = this.#context;
    onFlight(1);
    driver.send(this);
    const { signal } = this.#options;
    if (!signal) return;
    this.#onAbort = () => driver.cancel(this);
    if (signal.aborted) queueMicrotask(this.#onAbort);
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** RFC 9110 section 15.4: 307 and 308 repeat the request as it was, the others ask with GET. False when it is not one. */
  #follow({ status, headers }: WireResponse): boolean {
    const to = headers.location;
    if (to === undefined || status < 301 || status > 308 || status === 304) return false;
    const url = new URL(to, this.origin + this.path);
    // Elsewhere is not the system under test: the flow gets the redirect itself.
    if (url.origin !== this.origin) return false;
    this.#redirectsLeft--;
    this.path = url.pathname + url.search;
    if (status !== 307 && status !== 308 && this.method !== 'HEAD') {
      this.method = 'GET';
      this.body = undefined;
      this.headers = headersFor(this.#caller.browser, NO_OPTIONS, undefined);
    }
    this.startedMs = this.#context.nowMs();
    this.#dueMs = this.startedMs;
    this.#send();
    return true;
  }

  #count(ending: Ending, endedMs: number): void {
    const { recorder, onFlight } = this.#context;
    const { tags, signal } = this.#options;
    onFlight(-1);
    if (this.#onAbort) signal?.removeEventListener('abort', this.#onAbort);
    recorder.request(this.#name, this.#dueMs, this.startedMs, endedMs, ending);
    if (tags === undefined) return;
    for (const key in tags) {
      const name = `${this.#name}{${key}=${JSON.stringify(tags[key])}}`;
      recorder.request(name, this.#dueMs, this.startedMs, endedMs, ending, 'tagged');
    }
  }

  #trouble(what: string): void {
    this.#context.recorder.trouble(`${this.#name}: ${what}`, this.#dueMs);
  }

  #operation(response: WireResponse): void {
    const { idempotencyKey: key } = this.#options;
    if (key !== undefined) this.#keep(key, effectOf(response));
  }

  #keep(key: string, outcome: 'ok' | 'fail' | 'unknown'): void {
    this.#context.recorder.operation({ key, name: this.#name, outcome, dueMs: this.#dueMs });
  }
}

/** Nothing but what every request has. */
function isPlain(options: RequestOptions): boolean {
  return (
    options === NO_OPTIONS ||
    (options.json === undefined &&
      options.form === undefined &&
      options.multipart === undefined &&
      options.body === undefined)
  );
}

function timeoutMsOf(timeout: string): number {
  const timeoutMs = parseDuration(timeout);
  if (timeoutMs === undefined) throw new TypeError(`timeout expected a duration such as '2s', got '${timeout}'`);
  return timeoutMs;
}

/** A promise's functions without a closure of our own for each: `new Promise(takeFunctions)`, then `taken`. */
const taken: { resolve: (response: Response) => void; reject: (error: RequestFailed) => void } = {
  resolve: () => {},
  reject: () => {},
};
function takeFunctions(resolve: (response: Response) => void, reject: (error: RequestFailed) => void): void {
  taken.resolve = resolve;
  taken.reject = reject;
}

const NO_OPTIONS: RequestOptions = {};
const DEFAULT_TIMEOUT_MS = 10_000;

/** Without a connection nothing was carried; after any other failure nobody knows. */
const NEVER_SENT = new Set<FailureKind>(['refused', 'dns', 'connect-timeout', 'no-port', 'no-descriptor']);

function classOf(status: number): Ending {
  if (status >= 500) return '5xx';
  if (status >= 400) return '4xx';
  return status >= 300 ? '3xx' : '2xx';
}

/**
 * What an answer says of the operation's effect. 4xx and a 503 marked `X-Outcome: rejected` promise that nothing was
 * done; other 5xx come from somewhere on the way and promise nothing.
 */
function effectOf(response: WireResponse): 'ok' | 'fail' | 'unknown' {
  const { status } = response;
  if (status >= 200 && status < 300) return 'ok';
  if (status >= 400 && status < 500) return 'fail';
  return status === 503 && response.headers['x-outcome'] === 'rejected' ? 'fail' : 'unknown';
}
