import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { connectAmqp } from './amqp-queue.ts';
import type { Queue } from './queue.ts';

/** Methods of AMQP 0-9-1, as `class.method`. */
const START_OK = '10.11';
const OPEN = '10.40';
const CLOSE = '10.50';
const OPEN_CHANNEL = '20.10';

const START = [0, 10, 0, 10, 0, 9, 0, 0, 0, 0, ...longString('PLAIN'), ...longString('en_US')];
const TUNE = [0, 10, 0, 30, 0, 0, 0, 2, 0, 0, 0, 0];
const OPEN_OK = [0, 10, 0, 41, 0];

let ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(ends.map((end) => end()));
  ends = [];
});

// An error event that nobody listens to is an uncaught exception, which makes the run of tests red.
test('goes on when the broker dies while a connection is being set up', async () => {
  const resets = Promise.withResolvers<void>();
  let count = 0;
  const { queue } = await against((method, socket) => {
    if (method === START_OK) send(socket, TUNE);
    if (method === OPEN) send(socket, OPEN_OK);
    if (method !== OPEN_CHANNEL) return;
    socket.resetAndDestroy();
    if (++count === 3) resets.resolve();
  });
  await resets.promise;
  await expect(queue.publish([])).rejects.toThrow('there is no connection to RabbitMQ');
});

test('is closed in peace when the broker dies while a connection comes up', async () => {
  const opening = Promise.withResolvers<Socket>();
  const goodbye = Promise.withResolvers<void>();
  const { queue } = await against((method, socket) => {
    if (method === START_OK) send(socket, TUNE);
    if (method === OPEN) opening.resolve(socket);
    if (method !== CLOSE) return;
    socket.resetAndDestroy();
    goodbye.resolve();
  });
  const socket = await opening.promise;
  const closed = queue.close();
  await new Promise(setImmediate);
  send(socket, OPEN_OK);
  await Promise.all([closed, goodbye.promise]);
});

/** A queue whose broker is this function, told of each method that comes. */
async function against(onMethod: (method: string, socket: Socket) => void): Promise<{ queue: Queue }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      if (rest.subarray(0, 4).toString() === 'AMQP') {
        rest = rest.subarray(8);
        send(socket, START);
      }
      while (rest.length >= 7 && rest.length >= 8 + rest.readUInt32BE(3)) {
        onMethod(`${rest.readUInt16BE(7)}.${rest.readUInt16BE(9)}`, socket);
        rest = rest.subarray(8 + rest.readUInt32BE(3));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const queue = connectAmqp({ url: `amqp://127.0.0.1:${port}/`, client: 'one', service: 'test' });
  ends.push(async () => {
    await queue.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { queue };
}

function send(socket: Socket, payload: number[]): void {
  const head = Buffer.alloc(7);
  head.writeUInt8(1, 0);
  head.writeUInt32BE(payload.length, 3);
  socket.write(Buffer.concat([head, Buffer.from(payload), Buffer.from([0xce])]));
}

function longString(text: string): number[] {
  return [0, 0, 0, text.length, ...Buffer.from(text)];
}
