import { Answer } from './answer.ts';
import type { Driver, Method, WireRequest, WireResponse } from './driver.ts';
import type { Ending, Recorder } from './recorder.ts';
import type { FailureKind, RequestFailed, Response } from './user.ts';

/** What a call needs of its engine. */
export interface CallContext {
  driver: Driver;
  recorder: Recorder;
  /** The run's clock. */
  nowMs: () => number;
  onFlight: (change: 1 | -1) => void;
}

/** What is asked, as it goes over the wire. */
export interface Asked {
  origin: string;
  path: string;
  method: Method;
  headers: Record<string, string> | undefined;
  body: string | Uint8Array | undefined;
  timeoutMs: number;
  owner: number | undefined;
}

/** How it is counted, and who waits for it. */
export interface Counted {
  name: string;
  tags: Record<string, string> | undefined;
  expect: number[] | undefined;
  idempotencyKey: string | undefined;
  dueMs: number;
  startedMs: number;
  signal: AbortSignal | undefined;
  /** Told of every answer before the flow is. Asked next is what it returns: a redirect that is followed. */
  onAnswer: (response: WireResponse) => Asked | undefined;
  resolve: (response: Response) => void;
  reject: (error: RequestFailed) => void;
}

/** One request of a user from the moment it is sent: it is counted however it ends, and then told to the flow. */
export class Call implements WireRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: Method;
  readonly headers: Record<string, string> | undefined;
  readonly body: string | Uint8Array | undefined;
  readonly timeoutMs: number;
  readonly owner: number | undefined;
  readonly #context: CallContext;
  readonly #counted: Counted;
  readonly #onAbort: (() => void) | undefined;

  constructor(context: CallContext, asked: Asked, counted: Counted) {
    this.origin = asked.origin;
    this.path = asked.path;
    this.method = asked.method;
    this.headers = asked.headers;
    this.body = asked.body;
    this.timeoutMs = asked.timeoutMs;
    this.owner = asked.owner;
    this.#context = context;
    this.#counted = counted;
    context.onFlight(1);
    context.driver.send(this);
    const { signal } = counted;
    if (signal) {
      this.#onAbort = () => context.driver.cancel(this);
      if (signal.aborted) queueMicrotask(this.#onAbort);
      else signal.addEventListener('abort', this.#onAbort, { once: true });
    }
  }

  answered(response: WireResponse): void {
    const { expect, onAnswer, resolve } = this.#counted;
    const { status } = response;
    const ok = expect ? expect.includes(status) : status >= 200 && status < 400;
    this.#count(ok ? 'ok' : classOf(status));
    if (!ok) this.#trouble(`${this.method} ${this.path.replace(/\?.*/, '')} answered ${status}`);
    this.#operation(effectOf(response));
    const next = onAnswer(response);
    if (next === undefined) resolve(new Answer(response, ok));
    else {
      const nowMs = this.#context.nowMs();
      new Call(this.#context, next, { ...this.#counted, dueMs: nowMs, startedMs: nowMs });
    }
  }

  failed(error: RequestFailed): void {
    this.#count(error.kind);
    this.#trouble(error.message);
    this.#operation(NEVER_SENT.has(error.kind) ? 'fail' : 'unknown');
    this.#counted.reject(error);
  }

  #count(ending: Ending): void {
    const { name, tags, dueMs, startedMs, signal } = this.#counted;
    const { recorder, nowMs, onFlight } = this.#context;
    onFlight(-1);
    if (this.#onAbort) signal?.removeEventListener('abort', this.#onAbort);
    const endedMs = nowMs();
    recorder.request(name, dueMs, startedMs, endedMs, ending);
    for (const key in tags)
      recorder.request(`${name}{${key}=${JSON.stringify(tags[key])}}`, dueMs, startedMs, endedMs, ending, 'tagged');
  }

  #trouble(what: string): void {
    this.#context.recorder.trouble(`${this.#counted.name}: ${what}`, this.#counted.dueMs);
  }

  #operation(outcome: 'ok' | 'fail' | 'unknown'): void {
    const { idempotencyKey: key, name, dueMs } = this.#counted;
    if (key !== undefined) this.#context.recorder.operation({ key, name, outcome, dueMs });
  }
}

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
