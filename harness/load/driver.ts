import type { RequestFailed } from './user.ts';

/** One HTTP exchange, as the load engine needs it. No retries, no redirects: what was asked is what is measured. */
export interface Driver {
  /** Sends a request, and tells it once how it ended; never within this call. */
  send(request: WireRequest): void;
  /** Gives a request up: it fails as `aborted`, and its connection is closed. Nothing happens when it has ended. */
  cancel(request: WireRequest): void;
  /** With a connection a user: this user will send nothing more. */
  release(owner: number): void;
  /** Connections that are open or being opened. */
  readonly sockets: number;
  /** Ends what is under way, as `other`, and all connections. */
  close(): Promise<void>;
}

/** What both drivers take. */
export interface DriverOptions {
  /** At most so many connections to one origin; a request beyond them waits, which is part of its service time. */
  connections: number;
  /** The clock that requests are stamped by, in milliseconds; monotonic. */
  nowMs: () => number;
  /** Default 10 s. */
  connectTimeoutMs?: number;
  /** Status line and headers of an answer. Default 16 KiB, Node's own limit. */
  headBytes?: number;
  /** Default 64 MiB. */
  bodyBytes?: number;
}

export const DRIVER_DEFAULTS = { connectTimeoutMs: 10_000, headBytes: 16_384, bodyBytes: 64 * 2 ** 20 };

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export interface WireRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: Method;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly body: string | Uint8Array | undefined;
  /** When it is sent, on the driver's clock. */
  readonly startedMs: number;
  readonly timeoutMs: number;
  /** Whose connection to use, where each user has its own; undefined for a shared pool. */
  readonly owner: number | undefined;
  /** `endedMs`: when all of the answer had come, on the driver's clock. */
  answered(response: WireResponse, endedMs: number): void;
  failed(error: RequestFailed): void;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Every Set-Cookie header, which cannot be joined into one. */
  readonly setCookies: readonly string[];
  /** As UTF-8. */
  readonly body: string;
}
