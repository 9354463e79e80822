import { connect } from 'node:net';
import type { Reach } from './exchange.ts';
import { HELLO, parseAddress } from './probe.ts';

/**
 * Milliseconds from our goodbye, after an answered question, to the end of the connection. Undefined when nothing was
 * answered, or when it had not ended after `mostMs`. Returns when the connection is gone.
 */
export function timeToClose(reach: Reach, mostMs: number, signal: AbortSignal): Promise<number | undefined> {
  const { host, port } = parseAddress(reach.address);
  return new Promise((resolve) => {
    let saidMs: number | undefined;
    let tookMs: number | undefined;
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const giveUp = () => socket.destroy();
    const timer = setTimeout(giveUp, mostMs);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('connect', () => socket.write(HELLO[reach.protocol]));
    socket.once('data', () => {
      saidMs = performance.now();
      socket.end();
    });
    socket.on('data', () => {});
    socket.once('end', () => {
      if (saidMs !== undefined) tookMs = performance.now() - saidMs;
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve(tookMs);
    });
  });
}
