import { z } from 'zod';
import type { AntagonistKind } from './antagonist.ts';
import { assertDescriptors, connectTo, crowdFields, MOST_CONNECTIONS, paced, questionFor } from './crowd.ts';

export const MOST_BYTES_PER_SEC = 65_536;

const settings = z.strictObject({
  ...crowdFields,
  connections: z.int().min(1).max(MOST_CONNECTIONS),
  bytesPerSec: z.int().min(1).max(MOST_BYTES_PER_SEC),
  /** So many questions are always out, so that answers fill the buffers of both kernels and then wait in the server. */
  ahead: z.int().min(1),
});

type Settings = z.output<typeof settings>;

/**
 * People who read an answer at a trickle, and ask for more before they are through. A connection that the server closes is
 * opened again a second later.
 *
 * Each reads once a second, into a buffer as small as what it may read: nothing is taken from the kernel before its time.
 */
export const slowReaders: AntagonistKind<Settings> = {
  settings,
  async begin(given) {
    assertDescriptors(given.connections);
    const buffer = Buffer.alloc(given.bytesPerSec);
    await paced(given.connections, (given.connections / OPENED_PER_SEC) * 1_000, () => read(given, buffer));
  },
};

/** `buffer` is everybody's: what is read is counted at once and forgotten. */
function read(given: Settings, buffer: Buffer): void {
  const { url, path, ahead } = given;
  const question = questionFor(url, path);
  const answers = new AnswerCount();
  let asked = 0;
  let turns = 0;
  const socket = connectTo(url, {
    buffer,
    callback(bytes) {
      answers.add(buffer.subarray(0, bytes));
      return false;
    },
  });
  const turn = () => {
    turns += 1;
    const least = turns % KNOCK_EVERY === 0 ? 1 : 0;
    const more = Math.max(least, Math.min(ahead - (asked - answers.count), Math.ceil(ahead / TURNS_TO_FILL)));
    socket.write(question.repeat(more));
    asked += more;
    socket.resume();
  };
  socket.once('connect', turn);
  const timer = setInterval(() => {
    if (!socket.pending) turn();
  }, TURN_MS);
  socket.once('close', () => {
    clearInterval(timer);
    setTimeout(() => read(given, buffer), AGAIN_MS);
  });
}

/** Counts the answers in a stream that comes in pieces of any size. */
class AnswerCount {
  count = 0;
  #rest = '';

  add(piece: Buffer): void {
    const text = this.#rest + piece.toString('latin1');
    this.count += text.split(STATUS_LINE).length - 1;
    this.#rest = text.slice(Math.max(text.lastIndexOf(STATUS_LINE) + 1, text.length - STATUS_LINE.length + 1));
  }
}

const STATUS_LINE = 'HTTP/1.1 ';
const OPENED_PER_SEC = 2_000;
/** What is out grows turn by turn, so that a crowd of slow readers does not begin as a herd. */
const TURNS_TO_FILL = 4;
const TURN_MS = 1_000;
/** Turns. That a server has closed comes behind all that is unread; one that is asked something says so at once. */
const KNOCK_EVERY = 5;
const AGAIN_MS = 1_000;
