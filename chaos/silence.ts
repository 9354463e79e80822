import { connect } from 'node:net';
import { HELLO, parseAddress } from './probe.ts';
import type { TopologyLink } from './topology.ts';

/** What came of asking at an address, and waiting a while for the answer. */
export type Asked = 'answered' | 'silent' | 'refused' | 'hung-up';

/**
 * Asks the smallest question of a protocol over a new connection. `silent`: the connection was accepted (by the kernel, for
 * a process that is stopped) and nothing came. `hung-up`: it was accepted and closed without an answer.
 */
export function ask(
  address: string,
  protocol: TopologyLink['protocol'],
  waitMs: number,
  signal: AbortSignal,
): Promise<Asked> {
  const { host, port } = parseAddress(address);
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    let connected = false;
    const end = (asked: Asked) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve(asked);
    };
    const stop = () => end(connected ? 'silent' : 'refused');
    const timer = setTimeout(stop, waitMs);
    signal.addEventListener('abort', stop, { once: true });
    socket.on('connect', () => {
      connected = true;
      socket.write(HELLO[protocol]);
    });
    socket.on('data', () => end('answered'));
    socket.on('error', () => end(connected ? 'hung-up' : 'refused'));
    socket.on('close', () => end('hung-up'));
  });
}
