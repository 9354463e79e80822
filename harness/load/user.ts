/** What a flow sees: one virtual user. Flows are plain async functions of it. */
export interface User {
  /** Index of this user within its load group, the same whatever the number of agents. */
  readonly index: number;
  /** How many iterations this user has begun, this one included. */
  readonly iteration: number;

  get(path: string, options?: RequestOptions): Promise<Response>;
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
  /** A version 4 UUID from the user's own stream: the same seed gives the same ids. */
  uuid(): string;
}

export interface RequestOptions {
  /** The name the request is counted under; its path without the query when absent. */
  as?: string;
  /** Sent as JSON with the right content type. */
  json?: unknown;
  body?: string;
  headers?: Record<string, string>;
  /** Sent as `Idempotency-Key`. The outcome of such a request is kept, for invariants to check against the stores. */
  idempotencyKey?: string;
  /** `10s` unless told; the whole request, from sending it to the last byte of the answer. */
  timeout?: string;
  /** Statuses that are not errors; 200 to 399 unless told. */
  expect?: number[];
}

export interface Response {
  readonly status: number;
  /** True when the status was expected. */
  readonly ok: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body parsed as JSON. Throws when it is not JSON. */
  json<Value = unknown>(): Value;
}

/**
 * No answer came: the connection was refused or reset, or time ran out. It ends the iteration unless the flow catches
 * it; the request has been counted under `kind` either way.
 */
export class RequestFailed extends Error {
  readonly kind: 'timeout' | 'refused' | 'reset' | 'other';

  constructor(kind: RequestFailed['kind'], message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'RequestFailed';
    this.kind = kind;
  }
}
