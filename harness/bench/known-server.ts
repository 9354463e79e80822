import { createServer, type Socket } from 'node:net';
import { type Behaviour, delayOf, recordedTruth, releaseOf, type Served } from './truth.ts';

/**
 * A program: an HTTP server whose latencies are known. It writes down when each request arrived and when its answer was
 * written, to a few hundredths of a millisecond: instead of sleeping on timers, which have whole milliseconds, it looks
 * at the clock all the time, and takes a core for that. `GET /truth?rate=1000` tells what an even schedule of so many a
 * second saw; `GET /reset` begins anew. Its argument is a Behaviour.
 */

const behaviour = JSON.parse(process.argv[2] ?? '') as Behaviour;
const ANSWER = answerOf('{"id":1234567,"name":"A thing","price":1999}');

let served: Served[] = [];
let firstMs: number | undefined;
/** What still has to be answered, by due time in whole milliseconds of this clock. */
const queue = new Map<number, Waiting[]>();
let waiting = 0;
let emptiedMs = Math.floor(performance.now());
let turning = false;

interface Waiting {
  socket: Socket;
  record: Served;
  releaseMs: number;
}

const server = createServer((socket) => {
  let rest = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const nowMs = performance.now();
    rest += chunk.toString('latin1');
    for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
      receive(socket, rest.slice(0, end), nowMs);
      rest = rest.slice(end + 4);
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`listening ${typeof address === 'object' ? address?.port : ''}\n`);
});

function receive(socket: Socket, head: string, nowMs: number): void {
  const path = head.split(' ', 2)[1] ?? '';
  if (path === '/reset') {
    served = [];
    firstMs = undefined;
    socket.write(answerOf('{}'));
  } else if (path.startsWith('/truth')) {
    const rate = Number(new URL(path, 'http://localhost').searchParams.get('rate'));
    socket.write(answerOf(JSON.stringify(recordedTruth(served, rate))));
  } else {
    firstMs ??= nowMs;
    const record = { arrivedMs: nowMs, writtenMs: Number.NaN };
    const dueMs = nowMs + delayOf(served.push(record) - 1, behaviour);
    const releaseMs = firstMs + releaseOf(dueMs - firstMs, behaviour);
    const slot = Math.max(Math.floor(releaseMs), emptiedMs);
    const others = queue.get(slot);
    if (others) others.push({ socket, record, releaseMs });
    else queue.set(slot, [{ socket, record, releaseMs }]);
    waiting++;
    if (!turning) {
      turning = true;
      emptiedMs = Math.floor(nowMs);
      setImmediate(turn);
    }
  }
}

function turn(): void {
  const nowMs = performance.now();
  for (; emptiedMs <= nowMs; emptiedMs++) {
    const due = queue.get(emptiedMs);
    if (!due) continue;
    const later = due.filter((each) => each.releaseMs > nowMs);
    for (const { socket, record, releaseMs } of due.toSorted((a, b) => a.releaseMs - b.releaseMs)) {
      if (releaseMs > nowMs) continue;
      record.writtenMs = performance.now();
      socket.write(ANSWER);
      waiting--;
    }
    if (later.length > 0) {
      queue.set(emptiedMs, later);
      break;
    }
    queue.delete(emptiedMs);
  }
  turning = waiting > 0;
  if (turning) setImmediate(turn);
}

function answerOf(body: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
