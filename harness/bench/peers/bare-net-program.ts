import { connect } from 'node:net';

/**
 * A program that is nothing but sockets of Node: the same bytes are written again whenever bytes come, in a closed loop. No
 * client in this runtime can cost less. It takes each read for one answer, as small answers are. Arguments: URL,
 * connections, seconds.
 */

const [url = '', connections = '', seconds = ''] = process.argv.slice(2);
const { host, hostname, port } = new URL(url);
const request = `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
const buffer = Buffer.allocUnsafeSlow(65_536);
const done = { requests: 0, errors: 0, isOver: false };

function loop(): Promise<void> {
  return new Promise((resolve) => {
    const callback = (): boolean => {
      done.requests++;
      if (done.isOver) socket.destroy();
      else socket.write(request, 'latin1');
      return !done.isOver;
    };
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread: { buffer, callback } });
    socket.on('connect', () => socket.write(request, 'latin1'));
    socket.on('error', () => done.errors++);
    socket.on('close', () => resolve());
  });
}

setTimeout(() => {
  done.isOver = true;
}, Number(seconds) * 1_000);
await Promise.all(Array.from({ length: Number(connections) }, loop));
process.stdout.write(`${JSON.stringify({ requests: done.requests, errors: done.errors })}\n`);
