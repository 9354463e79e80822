/**
 * What the engine, or the way to it, answered, in words that say what to do. It is no `Unreachable`: a fault on a container
 * outlives an engine that is stopped, so nobody may take an engine that does not answer for a fault that is gone.
 */
export class EngineError extends Error {
  readonly reason: EngineRefusal;

  constructor(reason: EngineRefusal, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'EngineError';
    this.reason = reason;
  }
}

/** `unknown`: no such container, network or image. `conflict`: not in the state it is in. `refused`: anything else. */
export type EngineRefusal = 'not-running' | 'no-permission' | 'late' | 'unknown' | 'conflict' | 'refused';

/** Makes an error of the client, or of the socket under it, one of ours. `doing` is as in `pausing shop_orders_1`. */
export function engineError(address: string, doing: string, error: unknown, signal: AbortSignal): EngineError {
  if (error instanceof EngineError) return error;
  const { code, statusCode, message } = parts(error);
  const socket = address.replace(/^unix:\/\//, '');
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return new EngineError(
        'not-running',
        `no Docker engine answers at ${address}: start it, or say where it is with DOCKER_HOST`,
        error,
      );
    case 'EACCES':
    case 'EPERM':
      return new EngineError(
        'no-permission',
        `no permission on ${socket}: run as root or as a member of the group that owns it (often: docker)`,
        error,
      );
    case 'ENOTFOUND':
    case 'EHOSTUNREACH':
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ETIMEDOUT':
      return new EngineError('not-running', `the Docker engine at ${address} cannot be reached (${code})`, error);
  }
  if (signal.aborted)
    return new EngineError('late', `the Docker engine at ${address} did not answer in time, ${doing}`);
  const said = `${doing}: the engine answered ${statusCode ?? code ?? 'nothing'}: ${message}`;
  if (statusCode === 404) return new EngineError('unknown', said, error);
  if (statusCode === 409) return new EngineError('conflict', said, error);
  return new EngineError('refused', said, error);
}

/** The client's errors carry the HTTP status, and the engine's own words in `json`. */
function parts(error: unknown): { code?: string; statusCode?: number; message: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const statusCode = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  const json = 'json' in error ? error.json : undefined;
  const words = typeof json === 'object' && json !== null && 'message' in json ? String(json.message) : error.message;
  return {
    ...(code === undefined ? {} : { code }),
    ...(statusCode === undefined ? {} : { statusCode }),
    message: words.trim(),
  };
}
