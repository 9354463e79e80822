import { parseDuration, parseDurationRange } from '../units.ts';
import type { Driver, WireRequest, WireResponse } from './driver.ts';
import { Random } from './random.ts';
import type { Ending, Recorder } from './recorder.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { RequestFailed, type RequestOptions, type Response, type User } from './user.ts';

/** What all users of an engine share. */
export interface Surroundings {
  driver: Driver;
  recorder: Recorder;
  wheel: TimerWheel;
  /** The run's clock. */
  nowMs: () => number;
  baseUrl: URL;
  /** True once the load is over: whatever a user asks for then ends its flow. */
  over: () => boolean;
  onFlight: (change: 1 | -1) => void;
}

/** Thrown into a flow whose time is over. Not a failure. */
export class LoadIsOver extends Error {
  constructor() {
    super('the load is over');
    this.name = 'LoadIsOver';
  }
}

/** A user of a load group: random stream, cookies, and the time it is due to act. */
export class VirtualUser implements User {
  readonly index: number;
  iteration = 0;
  /** Requests and waits of the current iteration; a flow without any would spin. */
  steps = 0;
  readonly #shared: Surroundings;
  readonly #random: Random;
  #cookies: Map<string, string> | undefined;
  /** When this user should act next; unset once it has, so that only waiting we know of counts as lateness. */
  #dueMs: number | undefined;

  constructor(shared: Surroundings, seed: number, stream: string, index: number, dueMs: number) {
    this.#shared = shared;
    this.#random = new Random(seed, stream, index);
    this.index = index;
    this.#dueMs = dueMs;
  }

  get(path: string, options?: RequestOptions): Promise<Response> {
    return this.#request('GET', path, options);
  }

  post(path: string, options?: RequestOptions): Promise<Response> {
    return this.#request('POST', path, options);
  }

  put(path: string, options?: RequestOptions): Promise<Response> {
    return this.#request('PUT', path, options);
  }

  patch(path: string, options?: RequestOptions): Promise<Response> {
    return this.#request('PATCH', path, options);
  }

  delete(path: string, options?: RequestOptions): Promise<Response> {
    return this.#request('DELETE', path, options);
  }

  think(duration: string): Promise<void> {
    const range = parseDurationRange(duration);
    if (!range) throw new TypeError(`think expected a duration such as '5s' or '5s..15s', got '${duration}'`);
    return this.wait(range.fromMs + this.#random.number() * (range.toMs - range.fromMs));
  }

  wait(ms: number): Promise<void> {
    const { wheel, nowMs } = this.#shared;
    if (this.#shared.over()) return Promise.reject(new LoadIsOver());
    this.steps++;
    const fromMs = this.#dueMs ?? nowMs();
    return new Promise((resolve) => {
      wheel.at(fromMs + ms, (dueMs) => {
        this.#dueMs = dueMs;
        resolve();
      });
    });
  }

  random(): number {
    return this.#random.number();
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.#random.number() * (high - low + 1));
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random.number() * items.length)];
    if (item === undefined) throw new TypeError('pick expected at least one item, got none');
    return item;
  }

  chance(probability: number): boolean {
    return this.#random.number() < probability;
  }

  uuid(): string {
    return this.#random.uuid();
  }

  async #request(method: WireRequest['method'], path: string, options: RequestOptions = {}): Promise<Response> {
    const { driver, recorder, nowMs, onFlight } = this.#shared;
    if (this.#shared.over()) throw new LoadIsOver();
    const request = this.#wire(method, path, options);
    const name = options.as ?? nameOf(method, path);
    this.steps++;
    const startedMs = nowMs();
    const dueMs = this.#dueMs ?? startedMs;
    if (this.#dueMs !== undefined) recorder.lateness.record(startedMs - dueMs);
    this.#dueMs = undefined;

    const key = options.idempotencyKey;
    onFlight(1);
    let answer: WireResponse;
    try {
      answer = await driver.send(request);
    } catch (error) {
      const failed = error instanceof RequestFailed ? error : new RequestFailed('other', String(error), error);
      recorder.request(name, dueMs, startedMs, nowMs(), failed.kind);
      recorder.trouble(`${name}: ${failed.message}`, dueMs);
      // A refused connection carried nothing; after any other failure nobody knows.
      const outcome = failed.kind === 'refused' ? 'fail' : 'unknown';
      if (key !== undefined) recorder.operation({ key, name, outcome, dueMs });
      throw failed;
    } finally {
      onFlight(-1);
    }
    const ok = options.expect ? options.expect.includes(answer.status) : answer.status >= 200 && answer.status < 400;
    recorder.request(name, dueMs, startedMs, nowMs(), ok ? 'ok' : classOf(answer.status));
    if (!ok)
      recorder.trouble(`${name}: ${method} ${request.path.replace(/\?.*/, '')} answered ${answer.status}`, dueMs);
    if (key !== undefined) recorder.operation({ key, name, outcome: effectOf(answer), dueMs });
    this.#keepCookies(answer.setCookies);
    return new Answer(answer, ok);
  }

  #wire(method: WireRequest['method'], path: string, options: RequestOptions): WireRequest {
    const { baseUrl } = this.#shared;
    if (!path.startsWith('/')) throw new TypeError(`expected a path that begins with '/', got '${path}'`);
    const headers: Record<string, string> = {};
    if (options.json !== undefined) headers['content-type'] = 'application/json';
    if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey;
    if (this.#cookies) headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    for (const name in options.headers) headers[name.toLowerCase()] = options.headers[name] ?? '';
    const timeoutMs = options.timeout === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(options.timeout);
    if (timeoutMs === undefined)
      throw new TypeError(`timeout expected a duration such as '2s', got '${options.timeout}'`);
    return {
      origin: baseUrl.origin,
      path: baseUrl.pathname === '/' ? path : `${baseUrl.pathname.replace(/\/$/, '')}${path}`,
      method,
      headers,
      body: options.json === undefined ? options.body : JSON.stringify(options.json),
      timeoutMs,
    };
  }

  /** Name and value only: one user, one site, one run. An empty value or Max-Age=0 takes the cookie away. */
  #keepCookies(lines: string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';');
      const equals = pair.indexOf('=');
      if (equals < 1) continue;
      const name = pair.slice(0, equals).trim();
      const value = pair.slice(equals + 1).trim();
      this.#cookies ??= new Map();
      if (value === '' || attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute)))
        this.#cookies.delete(name);
      else this.#cookies.set(name, value);
      if (this.#cookies.size === 0) this.#cookies = undefined;
    }
  }
}

class Answer implements Response {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;

  constructor(answer: WireResponse, ok: boolean) {
    this.status = answer.status;
    this.ok = ok;
    this.headers = answer.headers;
    this.body = answer.body;
  }

  json<Value>(): Value {
    return JSON.parse(this.body);
  }
}

const DEFAULT_TIMEOUT_MS = 10_000;

function classOf(status: number): Ending {
  if (status >= 500) return '5xx';
  if (status >= 400) return '4xx';
  return status >= 300 ? '3xx' : '2xx';
}

/**
 * What an answer says of the operation's effect. 4xx and a 503 marked `X-Outcome: rejected` promise that nothing was
 * done; other 5xx come from somewhere on the way and promise nothing.
 */
function effectOf({ status, headers }: WireResponse): 'ok' | 'fail' | 'unknown' {
  if (status >= 200 && status < 300) return 'ok';
  if (status >= 400 && status < 500) return 'fail';
  return status === 503 && headers['x-outcome'] === 'rejected' ? 'fail' : 'unknown';
}

/** `GET /v1/products/:id`: numbers and long ids in a path would make a name of every one. */
function nameOf(method: string, path: string): string {
  const query = path.indexOf('?');
  const parts = (query < 0 ? path : path.slice(0, query)).split('/');
  return `${method} ${parts.map((part) => (/^\d+$|^[0-9a-f-]{16,}$/i.test(part) ? ':id' : part)).join('/')}`;
}
