import { Socket } from 'node:net';
import { Client } from 'pg';
import { HELLO, parseAddress } from './probe.ts';
import type { TopologyLink } from './topology.ts';

/** A link's near end, and how to speak over it. `dsn` is how to log in to a PostgreSQL behind it, where that is known. */
export interface Reach {
  address: string;
  protocol: TopologyLink['protocol'];
  dsn?: string | undefined;
}

/** What is asked: 0 bytes is the smallest question there is; else so many pass in that direction, or a few more. */
export interface Question {
  bytes: number;
  stream: 'upstream' | 'downstream';
  /** With nothing coming for so long it is taken for silent. */
  quietMs: number;
}

/** How a question went. */
export interface Exchange {
  /**
   * `answered` in full; `closed` or `reset` before that; `silent`: the connection stands, and nothing comes; `refused`: it
   * was never accepted.
   */
  ended: 'answered' | 'closed' | 'reset' | 'silent' | 'refused';
  /** From asking to the first byte of the answer, and to how it ended. */
  firstMs: number | undefined;
  tookMs: number;
  receivedBytes: number;
}

/**
 * Asks something over a connection of its own and watches what becomes of it, from outside and without trusting anybody:
 * this is how faults on links are measured. Returns once the connection has ended, so that all its bytes have been counted
 * by whoever counts. Never rejects but for a question that cannot be asked.
 */
export function exchange(reach: Reach, question: Question, signal: AbortSignal): Promise<Exchange> {
  const { protocol, dsn } = reach;
  if (question.bytes > 0 && protocol === 'postgres') {
    if (dsn === undefined)
      throw new Error(
        'without a store in the topology that says how to log in, no more than a byte can be asked of this PostgreSQL',
      );
    return watched(reach, question.quietMs, signal, (socket, host, port) =>
      askPostgres(socket, at(dsn, host, port), question),
    );
  }
  if (question.bytes > 0 && protocol === 'amqp') {
    throw new Error(
      'without logging in, no more than a greeting can be asked of a RabbitMQ: this cannot be proven on its links',
    );
  }
  const wanted = question.bytes === 0 ? hello(protocol) : plain(protocol, question);
  return watched(reach, question.quietMs, signal, (socket, host, port) => {
    socket.connect(port, host);
    return askPlainly(socket, wanted);
  });
}

/** Resolves when the answer is complete. `asked` is to be called when the question goes out. */
type Asking = (socket: Socket, host: string, port: number) => { asked: Promise<void>; answered: Promise<void> };

async function watched(reach: Reach, quietMs: number, signal: AbortSignal, ask: Asking): Promise<Exchange> {
  const { host, port } = parseAddress(reach.address);
  const socket = new Socket();
  const over = Promise.withResolvers<Exchange['ended']>();
  const gone = Promise.withResolvers<void>();
  let askedMs: number | undefined;
  let firstMs: number | undefined;
  let receivedBytes = 0;
  let accepted = false;
  const stop = () => over.resolve(accepted ? 'silent' : 'refused');
  let quiet = setTimeout(stop, Math.min(quietMs, MOST_MS));
  socket.on('connect', () => {
    accepted = true;
  });
  socket.on('data', (chunk) => {
    receivedBytes += chunk.length;
    if (askedMs !== undefined) firstMs ??= performance.now() - askedMs;
    clearTimeout(quiet);
    quiet = setTimeout(stop, Math.min(quietMs, MOST_MS));
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED') over.resolve('refused');
    else over.resolve(error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'reset' : 'closed');
  });
  socket.on('close', () => {
    over.resolve('closed');
    gone.resolve();
  });
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const { asked, answered } = ask(socket, host, port);
  asked.then(() => {
    askedMs = performance.now();
  });
  answered.then(() => over.resolve('answered'));
  const ended = await over.promise;
  const tookMs = askedMs === undefined ? 0 : performance.now() - askedMs;
  clearTimeout(quiet);
  signal.removeEventListener('abort', stop);
  socket.destroy();
  await gone.promise;
  return { ended, firstMs, tookMs, receivedBytes };
}

/** Bytes to send, and how many marks in what comes back make the answer complete. */
interface Plain {
  send: Buffer;
  mark: string;
  marks: number;
}

function hello(protocol: TopologyLink['protocol']): Plain {
  // Any byte is an answer. An HTTP connection stays open after it, so that silence and an end can be told apart.
  const send = protocol === 'http' ? Buffer.from('GET /livez HTTP/1.1\r\nhost: probe\r\n\r\n') : HELLO[protocol];
  return { send, mark: '', marks: 1 };
}

/** Many small questions in a row, so that their answers add up; or few that are long. */
function plain(protocol: TopologyLink['protocol'], { bytes, stream }: Question): Plain {
  if (protocol === 'redis') {
    const count = Math.ceil(bytes / (stream === 'downstream' ? 7 : 6));
    return { send: Buffer.from('PING\r\n'.repeat(count)), mark: '\n', marks: count };
  }
  const count = Math.ceil(bytes / (stream === 'downstream' ? LEAST_ANSWER_BYTES : PAD_BYTES));
  const pad = stream === 'upstream' ? `x-pad: ${'x'.repeat(PAD_BYTES)}\r\n` : '';
  const request = `GET /livez HTTP/1.1\r\nhost: probe\r\n${pad}`;
  const all = [`${request}\r\n`.repeat(count - 1), `${request}connection: close\r\n\r\n`];
  return { send: Buffer.from(all.join('')), mark: 'HTTP/1.', marks: count };
}

const LEAST_ANSWER_BYTES = 100;
const PAD_BYTES = 4_000;

function askPlainly(socket: Socket, { send, mark, marks }: Plain) {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  socket.setNoDelay(true);
  socket.once('connect', () => {
    asked.resolve();
    socket.write(send);
  });
  let found = 0;
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    if (mark === '') return answered.resolve();
    const text = rest + chunk.toString('latin1');
    const parts = text.split(mark);
    found += parts.length - 1;
    // A mark may be cut in two by the chunks it comes in.
    const last = parts.at(-1) ?? '';
    rest = last.slice(Math.max(0, last.length - mark.length + 1));
    if (found >= marks) answered.resolve();
  });
  return { asked: asked.promise, answered: answered.promise };
}

function askPostgres(socket: Socket, dsn: string, { bytes, stream }: Question) {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const client = new Client({ connectionString: dsn, stream: () => socket });
  client.on('error', () => {});
  // What becomes of the connection is seen at the socket.
  client.connect().then(
    async () => {
      asked.resolve();
      const text = stream === 'downstream' ? `SELECT repeat('x', ${bytes})` : `SELECT length('${'x'.repeat(bytes)}')`;
      await client.query(text).then(
        () => answered.resolve(),
        () => {},
      );
    },
    () => {},
  );
  return { asked: asked.promise, answered: answered.promise };
}

/** The same login, by way of a proxy. */
function at(dsn: string, host: string, port: number): string {
  const url = new URL(dsn);
  url.hostname = host.includes(':') ? `[${host}]` : host;
  url.port = String(port);
  return url.href;
}

/** The longest that a timer can wait. */
const MOST_MS = 2_147_483_647;
