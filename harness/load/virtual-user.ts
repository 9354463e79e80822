import { parseDuration, parseDurationRange } from '../units.ts';
import { type Asked, Call, type CallContext } from './call.ts';
import type { Method, WireResponse } from './driver.ts';
import { Random } from './random.ts';
import { requestBody } from './request-body.ts';
import type { TimerWheel, WheelTimer } from './timer-wheel.ts';
import type { Feed, RequestOptions, Response, User } from './user.ts';

/** What all users of an engine share. */
export interface Surroundings extends CallContext {
  wheel: TimerWheel;
  /** Origin of all requests, and what their paths begin with. */
  origin: string;
  pathPrefix: string;
  seed: number;
  /** A number for the connection of a user; undefined where users share them. */
  takeOwner: () => number | undefined;
  /** What the scenario's `setup` returned. */
  setup: unknown;
  /** True once the load is over: whatever a user asks for then ends its flow. */
  over: () => boolean;
}

/** Thrown into a flow whose time is over. Not a failure. */
export class LoadIsOver extends Error {
  constructor() {
    super('the load is over');
    this.name = 'LoadIsOver';
  }
}

/**
 * A user of a load group: random stream, cookies, and the time it is due to act. There may be a million of them, so it
 * is its own random stream and its own timer, and a user at rest holds little more than its promise.
 */
export class VirtualUser extends Random implements User, WheelTimer {
  readonly index: number;
  iteration = 0;
  /** Requests and waits of the current iteration; a flow without any would spin. */
  steps = 0;
  /** When it is or was due to act. */
  dueMs: number;
  next: WheelTimer | undefined = undefined;
  readonly #shared: Surroundings;
  /** Unset once it has acted, so that only waiting that we know of counts as lateness. */
  #isDue = true;
  #standing: 'staying' | 'midway' | 'leaving' | 'expelled' = 'staying';
  #wake: ((value?: PromiseLike<never>) => void) | undefined = undefined;
  #browser: Browser | undefined = undefined;

  /** `stream` names its random stream, with the run's seed and its index. */
  constructor(shared: Surroundings, stream: string, index: number, dueMs: number) {
    super(shared.seed, stream, index);
    this.#shared = shared;
    const owner = shared.takeOwner();
    if (owner !== undefined) this.#browser = { owner, cookies: undefined };
    this.index = index;
    this.dueMs = dueMs;
  }

  get(path: string, options?: RequestOptions): Promise<Response> {
    return this.#request('GET', path, options);
  }

  head(path: string, options?: RequestOptions): Promise<Response> {
    return this.#request('HEAD', path, options);
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
    const range = RANGES.get(duration) ?? readRange(duration);
    return this.wait(range.fromMs + this.number() * (range.toMs - range.fromMs));
  }

  /** Waits so long after it was due, or after now when it has acted since. */
  wait(ms: number): Promise<void> {
    const leftMs = this.#standing === 'midway' ? ms * this.number() : ms;
    if (this.#standing === 'midway') this.#standing = 'staying';
    return this.waitUntil((this.#isDue ? this.dueMs : this.#shared.nowMs()) + leftMs);
  }

  /**
   * It takes the place of a user that was in the middle of something: of its first wait only a part is left. Otherwise
   * the users of a lost agent would all be silent for a whole think time.
   */
  startMidway(): void {
    this.#standing = 'midway';
  }

  waitUntil(tMs: number): Promise<void> {
    const { wheel } = this.#shared;
    if (this.isOver) return Promise.reject(new LoadIsOver());
    this.steps++;
    if (this.#wake !== undefined) {
      // A flow may wait for two things at once; the second one is an ordinary timer.
      return new Promise((resolve) => wheel.at(tMs, () => resolve()));
    }
    const waiting = new Promise<void>(captureResolve);
    this.#wake = captured;
    this.dueMs = tMs;
    wheel.set(this);
    return waiting;
  }

  /** The wheel's: the time it waited for has come. */
  fire(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    this.#isDue = true;
    wake?.();
  }

  /** Whether it has to go once its iteration has ended. */
  get leaving(): boolean {
    return this.#standing === 'leaving' || this.#standing === 'expelled';
  }

  set leaving(leaves: boolean) {
    if (this.#standing !== 'expelled') this.#standing = leaves ? 'leaving' : 'staying';
  }

  /** Whatever it asks for from now on ends its flow; what it waits for does so at once. */
  expel(): void {
    this.#standing = 'expelled';
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.(Promise.reject(new LoadIsOver()));
  }

  /** It will do nothing more. */
  close(): void {
    if (this.#browser?.owner !== undefined) this.#shared.driver.release(this.#browser.owner);
  }

  get isOver(): boolean {
    return this.#standing === 'expelled' || this.#shared.over();
  }

  random(): number {
    return this.number();
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.number() * (high - low + 1));
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.number() * items.length)];
    if (item === undefined) throw new TypeError('pick expected at least one item, got none');
    return item;
  }

  chance(probability: number): boolean {
    return this.number() < probability;
  }

  row<Row>(feed: Feed<Row>): Row {
    if (feed.deal === 'shared') return this.pick(feed.rows);
    const turn = this.turn();
    const row = feed.rows[feed.deal === 'cycling' ? turn % feed.rows.length : turn];
    if (row === undefined) throw new RangeError(`feed ${feed.name} has only ${feed.rows.length} unique rows`);
    return row;
  }

  /** The number of this iteration among all of the group: no two have the same. */
  protected turn(): number {
    return this.index;
  }

  setup<Data>(): Data {
    // The scenario's own, as its author typed it.
    return this.#shared.setup as Data;
  }

  check(name: string, held: boolean): boolean {
    this.#shared.recorder.check(name, held, this.#shared.nowMs());
    return held;
  }

  async group<Result>(name: string, steps: () => Promise<Result>): Promise<Result> {
    const { recorder, nowMs } = this.#shared;
    const startedMs = nowMs();
    const dueMs = this.#isDue ? this.dueMs : startedMs;
    try {
      const result = await steps();
      recorder.request(name, dueMs, startedMs, nowMs(), 'ok', 'group');
      return result;
    } catch (error) {
      if (!(error instanceof LoadIsOver)) recorder.request(name, dueMs, startedMs, nowMs(), 'failed', 'group');
      throw error;
    }
  }

  #request(method: Method, path: string, options: RequestOptions = NO_OPTIONS): Promise<Response> {
    const shared = this.#shared;
    if (this.isOver) return Promise.reject(new LoadIsOver());
    return new Promise((resolve, reject) => {
      const asked = this.#ask(method, path, options);
      this.steps++;
      const startedMs = shared.nowMs();
      const dueMs = this.#isDue ? this.dueMs : startedMs;
      if (this.#isDue) shared.recorder.lateness.record(startedMs - dueMs);
      this.#isDue = false;
      const { tags, expect, idempotencyKey, signal } = options;
      const name = options.as ?? nameOf(method, path);
      let redirects = options.redirects ?? 0;
      const onAnswer = (answer: WireResponse) => {
        this.#keepCookies(answer.setCookies);
        if (redirects-- <= 0 || !(answer.status >= 301 && answer.status <= 308)) return undefined;
        return this.#redirected(asked, answer);
      };
      new Call(shared, asked, {
        name,
        tags,
        expect,
        idempotencyKey,
        dueMs,
        startedMs,
        signal,
        onAnswer,
        resolve,
        reject,
      });
    });
  }

  #ask(method: Method, path: string, options: RequestOptions): Asked {
    const { origin, pathPrefix } = this.#shared;
    if (!path.startsWith('/')) throw new TypeError(`expected a path that begins with '/', got '${path}'`);
    const timeoutMs = options.timeout === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(options.timeout);
    if (timeoutMs === undefined)
      throw new TypeError(`timeout expected a duration such as '2s', got '${options.timeout}'`);
    const { body, contentType } =
      options === NO_OPTIONS ? NO_BODY : requestBody(options, () => `stampede-${this.uuid()}`);
    return {
      origin,
      path: pathPrefix + path,
      method,
      headers: this.#headers(options, contentType),
      body,
      timeoutMs,
      owner: this.#browser?.owner,
    };
  }

  #headers(options: RequestOptions, contentType: string | undefined): Record<string, string> | undefined {
    const cookies = this.#browser?.cookies;
    if (contentType === undefined && !cookies && !options.idempotencyKey && !options.headers) return undefined;
    const headers: Record<string, string> = {};
    if (contentType !== undefined) headers['content-type'] = contentType;
    if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey;
    if (cookies) headers.cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    for (const name in options.headers) headers[name.toLowerCase()] = options.headers[name] ?? '';
    return headers;
  }

  /** RFC 9110 section 15.4: 307 and 308 repeat the request as it was, the others ask with GET. */
  #redirected(asked: Asked, { status, headers }: WireResponse): Asked | undefined {
    const to = headers.location;
    if (to === undefined || status === 304) return undefined;
    const url = new URL(to, asked.origin + asked.path);
    // Elsewhere is not the system under test: the flow gets the redirect itself.
    if (url.origin !== asked.origin) return undefined;
    const path = url.pathname + url.search;
    const same = status === 307 || status === 308 || asked.method === 'HEAD';
    if (same) return { ...asked, path };
    const headersNow = this.#headers(NO_OPTIONS, undefined);
    return { ...asked, path, method: 'GET', body: undefined, headers: headersNow };
  }

  /** Name and value only: one user, one site, one run. An empty value or Max-Age=0 takes the cookie away. */
  #keepCookies(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';');
      const equals = pair.indexOf('=');
      if (equals < 1) continue;
      const name = pair.slice(0, equals).trim();
      const value = pair.slice(equals + 1).trim();
      this.#browser ??= { owner: undefined, cookies: undefined };
      this.#browser.cookies ??= new Map();
      const { cookies } = this.#browser;
      if (value === '' || attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute))) cookies.delete(name);
      else cookies.set(name, value);
      if (cookies.size === 0) this.#browser.cookies = undefined;
    }
  }
}

/** What only some users have. */
interface Browser {
  /** The number of its connection, where each user has its own. */
  owner: number | undefined;
  cookies: Map<string, string> | undefined;
}

const NO_OPTIONS: RequestOptions = {};
const NO_BODY = { body: undefined, contentType: undefined };
const DEFAULT_TIMEOUT_MS = 10_000;

/** A promise's resolve without a closure of our own for each: `new Promise(captureResolve)`, then `captured`. */
let captured: (value?: PromiseLike<never>) => void = () => {};
function captureResolve(resolve: (value: void | PromiseLike<void>) => void): void {
  captured = resolve;
}

/** Durations are few and asked for all the time. */
const RANGES = new Map<string, { fromMs: number; toMs: number }>();

function readRange(duration: string): { fromMs: number; toMs: number } {
  const range = parseDurationRange(duration);
  if (!range) throw new TypeError(`think expected a duration such as '5s' or '5s..15s', got '${duration}'`);
  if (RANGES.size < 1_000) RANGES.set(duration, range);
  return range;
}

/** Names by path, for each method. */
const NAMES = new Map<Method, Map<string, string>>();

/** `GET /v1/products/:id`: numbers and long ids in a path would make a name of every one. */
function nameOf(method: Method, path: string): string {
  let known = NAMES.get(method);
  if (!known) {
    known = new Map();
    NAMES.set(method, known);
  }
  const name = known.get(path) ?? makeName(method, path);
  if (known.size < 10_000) known.set(path, name);
  return name;
}

function makeName(method: Method, path: string): string {
  const query = path.indexOf('?');
  const plain = query < 0 ? path : path.slice(0, query);
  const parts = plain.split('/').map((part) => (/^\d+$|^[0-9a-f-]{16,}$/i.test(part) ? ':id' : part));
  return `${method} ${parts.join('/')}`;
}
