import { parseDurationRange } from '../units.ts';
import type { Browser } from './browser.ts';
import { Call, type CallContext, type Caller } from './call.ts';
import type { Method } from './driver.ts';
import type { Nonce } from './nonce.ts';
import { Random } from './random.ts';
import type { TimerWheel, WheelTimer } from './timer-wheel.ts';
import type { Feed, RequestOptions, Response, User } from './user.ts';

/** What all users of an engine share. */
export interface Surroundings extends CallContext {
  wheel: TimerWheel;
  seed: number;
  nonce: Nonce;
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
export class VirtualUser extends Random implements User, WheelTimer, Caller {
  readonly index: number;
  iteration = 0;
  /** Requests and waits of the current iteration; a flow without any would spin. */
  steps = 0;
  /** When it is or was due to act. */
  dueMs: number;
  next: WheelTimer | undefined = undefined;
  readonly #shared: Surroundings;
  /**
   * `due` until it has acted, so that only waiting that we know of counts as lateness. `thinking-beside`: it has done something
   * else since it began to wait, so what it does next need not be what it waited for.
   */
  #phase: 'due' | 'acting' | 'thinking' | 'thinking-beside' = 'due';
  #standing: 'staying' | 'midway' | 'leaving' | 'expelled' | 'gone' = 'staying';
  /** What it keeps between requests, if anything. */
  browser: Browser | undefined = undefined;

  /** `stream` names its random stream, with the run's seed and its index. */
  constructor(shared: Surroundings, stream: string, index: number, dueMs: number) {
    super(shared.seed, stream, index);
    this.#shared = shared;
    const owner = shared.takeOwner();
    if (owner !== undefined) this.browser = { owner, cookies: undefined };
    this.index = index;
    this.dueMs = dueMs;
  }

  get(path: string, options: RequestOptions = NO_OPTIONS): Promise<Response> {
    return VirtualUser.#request(this, 'GET', path, options);
  }

  head(path: string, options: RequestOptions = NO_OPTIONS): Promise<Response> {
    return VirtualUser.#request(this, 'HEAD', path, options);
  }

  post(path: string, options: RequestOptions = NO_OPTIONS): Promise<Response> {
    return VirtualUser.#request(this, 'POST', path, options);
  }

  put(path: string, options: RequestOptions = NO_OPTIONS): Promise<Response> {
    return VirtualUser.#request(this, 'PUT', path, options);
  }

  patch(path: string, options: RequestOptions = NO_OPTIONS): Promise<Response> {
    return VirtualUser.#request(this, 'PATCH', path, options);
  }

  delete(path: string, options: RequestOptions = NO_OPTIONS): Promise<Response> {
    return VirtualUser.#request(this, 'DELETE', path, options);
  }

  think(duration: string): Promise<void> {
    const range = RANGES.get(duration) ?? readRange(duration);
    return this.wait(range.fromMs + this.number() * (range.toMs - range.fromMs));
  }

  /** Waits so long after it was due, or after now when it has acted since. */
  wait(ms: number): Promise<void> {
    return this.waitUntil(VirtualUser.#after(this, ms));
  }

  /** The same outside of any iteration: nobody waits for it, and `fire` is called. Not while it is thinking. */
  protected rest(ms: number): void {
    this.dueMs = Math.round(VirtualUser.#after(this, ms));
    this.#phase = 'thinking';
    this.#shared.wheel.set(this);
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
    if (this.isThinking) {
      // A flow may wait for two things at once; the second one is an ordinary timer.
      this.#phase = 'thinking-beside';
      return new Promise((resolve) => wheel.at(tMs, () => resolve()));
    }
    this.#phase = 'thinking';
    this.dueMs = tMs;
    return wheel.wait(this);
  }

  /** The wheel's: the time it waited for has come. */
  fire(): void {
    this.#phase = this.#phase === 'thinking' ? 'due' : 'acting';
  }

  /** Its timer is set. */
  get isThinking(): boolean {
    return this.#phase === 'thinking' || this.#phase === 'thinking-beside';
  }

  /** It acts at this time. When was it due to? Lateness is counted once for all that it does from then on. */
  act(nowMs: number): number {
    if (this.#phase === 'thinking') this.#phase = 'thinking-beside';
    if (this.#phase !== 'due') return nowMs;
    this.#phase = 'acting';
    this.#shared.recorder.lateness.record(nowMs - this.dueMs);
    return this.dueMs;
  }

  /** Whether it has to go once its iteration has ended. */
  get leaving(): boolean {
    return this.#standing === 'leaving' || VirtualUser.#isOut(this);
  }

  set leaving(leaves: boolean) {
    if (!VirtualUser.#isOut(this)) this.#standing = leaves ? 'leaving' : 'staying';
  }

  /** Whatever it asks for from now on ends its flow. */
  expel(): void {
    if (this.#standing !== 'gone') this.#standing = 'expelled';
  }

  /** It will do nothing more. False when it was gone already. */
  leave(): boolean {
    if (this.#standing === 'gone') return false;
    this.#standing = 'gone';
    if (this.browser?.owner !== undefined) this.#shared.driver.release(this.browser.owner);
    return true;
  }

  get isOver(): boolean {
    return VirtualUser.#isOut(this) || this.#shared.over();
  }

  static #isOut(user: VirtualUser): boolean {
    return user.#standing === 'expelled' || user.#standing === 'gone';
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

  override uuid(): string {
    return super.uuid(this.#shared.nonce);
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
    const dueMs = this.#phase === 'due' ? this.dueMs : startedMs;
    try {
      const result = await steps();
      recorder.request(name, dueMs, startedMs, nowMs(), 'ok', 'group');
      return result;
    } catch (error) {
      if (!(error instanceof LoadIsOver)) recorder.request(name, dueMs, startedMs, nowMs(), 'failed', 'group');
      throw error;
    }
  }

  // Static, as everything private here that is no field: a private method is a word more in each of a million users.
  static #after(user: VirtualUser, ms: number): number {
    const leftMs = user.#standing === 'midway' ? ms * user.number() : ms;
    if (user.#standing === 'midway') user.#standing = 'staying';
    return (user.#phase === 'due' ? user.dueMs : user.#shared.nowMs()) + leftMs;
  }

  static #request(user: VirtualUser, method: Method, path: string, options: RequestOptions): Promise<Response> {
    if (user.isOver) return Promise.reject(new LoadIsOver());
    user.steps++;
    try {
      return new Call(user.#shared, user, method, path, options).answer;
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

const NO_OPTIONS: RequestOptions = {};

/** Durations are few and asked for all the time. */
const RANGES = new Map<string, { fromMs: number; toMs: number }>();

function readRange(duration: string): { fromMs: number; toMs: number } {
  const range = parseDurationRange(duration);
  if (!range) throw new TypeError(`think expected a duration such as '5s' or '5s..15s', got '${duration}'`);
  if (RANGES.size < 1_000) RANGES.set(duration, range);
  return range;
}
