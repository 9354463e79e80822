import { connect } from 'node:net';
import { messageOf } from './message-of.ts';

/** Nothing listens at an address any more: the process, and all it held in memory, is gone. */
export class Unreachable extends Error {
  readonly what: string;

  constructor(what: string, cause: unknown) {
    super(`${what} does not answer`, { cause });
    this.name = 'Unreachable';
    this.what = what;
  }
}

/**
 * Why a question got no answer. `Unreachable` only when a connection is refused: that there were no ports or descriptors left
 * here, or that a connection broke, says nothing of who should have answered. `fetch` says the same of all of them.
 */
export async function unanswered(what: string, url: string | URL, error: unknown): Promise<Error> {
  if (await isRefused(new URL(url))) return new Unreachable(what, error);
  const why = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new Error(`${what} could not be asked: ${messageOf(why)}`, { cause: error });
}

function isRefused({ hostname, port, protocol }: URL): Promise<boolean> {
  const usual = protocol === 'https:' ? 443 : 80;
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) });
  return new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(false));
    socket.on('error', (error) => {
      const each: unknown[] = error instanceof AggregateError ? error.errors : [error];
      resolve(each.every((one) => one instanceof Error && 'code' in one && one.code === 'ECONNREFUSED'));
    });
    socket.setTimeout(PATIENCE_MS, () => resolve(false));
  }).finally(() => socket.destroy());
}

const PATIENCE_MS = 1_000;
