import { connect } from 'node:net';
import type { TopologyLink } from './topology.ts';

/** The smallest question each protocol answers without logging in, so that any link can be timed from outside. */
export const HELLO: Record<TopologyLink['protocol'], Buffer> = {
  http: Buffer.from('GET /livez HTTP/1.1\r\nhost: probe\r\nconnection: close\r\n\r\n'),
  // SSLRequest (PostgreSQL protocol, 55.2.10): the server answers one byte, S or N.
  postgres: Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]),
  redis: Buffer.from('PING\r\n'),
  // The protocol header (AMQP 0-9-1, 4.2.2): the server answers with connection.start.
  amqp: Buffer.from('AMQP\x00\x00\x09\x01', 'latin1'),
};

/**
 * Milliseconds from sending a question over an open connection to the first byte of its answer. Returns once the
 * connection has ended, so that all its bytes have been counted by whoever counts. Rejects with the connection's own
 * error, with `closed without an answer`, or when the signal aborts.
 */
export function roundTrip(address: string, protocol: TopologyLink['protocol'], signal: AbortSignal): Promise<number> {
  const { host, port } = parseAddress(address);
  return new Promise((resolve, reject) => {
    let sentMs = 0;
    let tookMs: number | undefined;
    const socket = connect({ host, port, noDelay: true, signal });
    socket.on('connect', () => {
      sentMs = performance.now();
      socket.write(HELLO[protocol]);
    });
    socket.on('data', () => {
      if (tookMs !== undefined) return;
      tookMs = performance.now() - sentMs;
      socket.end();
      // A server that does not answer our goodbye need not be waited for.
      setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
    });
    socket.on('error', (error) => (tookMs === undefined ? reject(error) : resolve(tookMs)));
    socket.on('close', () => (tookMs === undefined ? reject(new Error('closed without an answer')) : resolve(tookMs)));
  });
}

const GOODBYE_MS = 250;

/** True when nothing accepts connections at an address. */
export function refuses(address: string, signal: AbortSignal): Promise<boolean> {
  const { host, port } = parseAddress(address);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve(true);
      else reject(error);
    });
  });
}

export function parseAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
