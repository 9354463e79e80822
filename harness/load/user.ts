/** What a flow sees: one virtual user. Flows are plain async functions of it. */
export interface User {
  /** Index of this user within its load group, the same whatever the number of agents. */
  readonly index: number;
  /** How many iterations this user has begun, this one included. */
  readonly iteration: number;

  get(path: string, options?: RequestOptions): Promise<Response>;
  head(path: string, options?: RequestOptions): Promise<Response>;
  post(path: string, options?: RequestOptions): Promise<Response>;
  put(path: string, options?: RequestOptions): Promise<Response>;
  patch(path: string, options?: RequestOptions): Promise<Response>;
  delete(path: string, options?: RequestOptions): Promise<Response>;

  /** Waits: `5s`, or a time drawn evenly from `5s..15s`. */
  think(duration: string): Promise<void>;

  /** From the user's own seeded stream: 0 <= x < 1. */
  random(): number;
  /** A whole number, both ends included. */
  between(low: number, high: number): number;
  /** One of the items, evenly drawn. Throws when there is none. */
  pick<Item>(items: readonly Item[]): Item;
  /** True with the given probability 0..1. */
  chance(probability: number): boolean;
  /** A version 4 UUID that no other run has, so that it can be an idempotency key. The same seed and nonce give the same ids. */
  uuid(): string;

  /** This iteration's row of a feed. Throws when a feed of unique rows is used up. */
  row<Row>(feed: Feed<Row>): Row;
  /** What the scenario's `setup` returned. */
  setup<Data = unknown>(): Data;

  /** Counts whether something held, under a name of its own. Returns it; nothing is thrown. */
  check(name: string, held: boolean): boolean;
  /** Times several steps, thinking included, as one, under a name of its own. */
  group<Result>(name: string, steps: () => Promise<Result>): Promise<Result>;
}

export interface RequestOptions {
  /** The name the request is counted under; its path with ids left out when absent. */
  as?: string;
  /** It is also counted by each of these, as `name{key="value"}`. Few values: names have a budget. */
  tags?: Record<string, string>;
  /** Sent as JSON with the right content type. */
  json?: unknown;
  /** Sent as `application/x-www-form-urlencoded`. */
  form?: Record<string, string>;
  /** Sent as `multipart/form-data`: texts, and files. */
  multipart?: Record<string, string | FilePart>;
  body?: string | Uint8Array;
  headers?: Record<string, string>;
  /** Sent as `Idempotency-Key`. The outcome of such a request is kept, for invariants to check against the stores. */
  idempotencyKey?: string;
  /** `10s` unless told; the whole request, from sending it to the last byte of the answer. */
  timeout?: string;
  /** Statuses that are not errors; 200 to 399 unless told. */
  expect?: number[];
  /** How many redirects to follow, each counted as a request of its own; none unless told. */
  redirects?: number;
  /** Gives the request up. */
  signal?: AbortSignal;
}

export interface FilePart {
  filename: string;
  /** `application/octet-stream` unless told. */
  type?: string;
  content: string | Uint8Array;
}

export interface Response {
  readonly status: number;
  /** True when the status was expected. */
  readonly ok: boolean;
  /** Names in lower case; Set-Cookie is kept apart, in the user's cookies. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body parsed as JSON. Throws when it is not JSON. */
  json<Value = unknown>(): Value;
  /** What lies at a path of the JSON body, such as `products[0].id`. Throws, and names the part that is missing. */
  at<Value = unknown>(path: string): Value;
  /** The first group of a pattern in the body, or all of the match without one. Throws when it does not match. */
  match(pattern: RegExp): string;
}

/**
 * Rows of data for users. `unique`: each is dealt once in a run. `cycling`: dealt in turn, again and again. `shared`:
 * any of them, drawn by the user. Who gets which depends on the user and not on the number of agents.
 */
export interface Feed<Row = Record<string, string>> {
  readonly name: string;
  readonly deal: 'unique' | 'cycling' | 'shared';
  readonly rows: readonly Row[];
}

/**
 * Why there was no answer, or none that could be read:
 * - `timeout`: not all of it came in time. `connect-timeout`: the connection did not.
 * - `refused`: nobody listens. `dns`: the name is not known.
 * - `reset`: the server ended the connection instead of answering. `truncated`: within its answer.
 * - `stale`: the server ended a kept connection just as the request was sent over it.
 * - `malformed`: what came is not HTTP. `too-large`: its head or body is beyond the limit.
 * - `no-port`, `no-descriptor`: this machine has no local port, or this process no file descriptor, left.
 * - `aborted`: the flow gave it up.
 */
export type FailureKind =
  | 'timeout'
  | 'connect-timeout'
  | 'refused'
  | 'dns'
  | 'reset'
  | 'truncated'
  | 'stale'
  | 'malformed'
  | 'too-large'
  | 'no-port'
  | 'no-descriptor'
  | 'aborted'
  | 'other';

/**
 * No answer came: the connection was refused or reset, or time ran out. It ends the iteration unless the flow catches
 * it; the request has been counted under `kind` either way.
 */
export class RequestFailed extends Error {
  readonly kind: FailureKind;

  constructor(kind: RequestFailed['kind'], message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'RequestFailed';
    this.kind = kind;
  }
}
