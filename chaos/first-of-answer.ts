import { connect } from 'node:net';
import { HELLO, parseAddress } from './probe.ts';

/** The first bytes of what an HTTP server answers to the smallest question; empty when nothing comes before the signal aborts. */
export function firstOfAnswer(address: string, signal: AbortSignal): Promise<string> {
  const { host, port } = parseAddress(address);
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true, signal });
    socket.once('connect', () => socket.write(HELLO.http));
    socket.once('data', (chunk) => {
      resolve(chunk.toString('latin1'));
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(''));
  });
}
