import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { type RequestHead, type Rest, readHead, restOf } from './request-framing.ts';
import { Stage } from './stage.ts';
import type { ToxicType } from './toxic-type.ts';

/**
 * The proxy answers a request of HTTP/1 itself, and the upstream never hears of it: with `status`, or, where that is 0, with
 * bytes that are no HTTP, after which the connection closes. `retry_after` in seconds goes with the answer unless it is 0.
 * An extension; it is how a third party fails that is there all the time. What is not HTTP/1 passes.
 */
const attributes = z.object({
  status: z.int().refine((status) => status === 0 || (status >= 200 && status <= 599), 'expected 0 or 200 to 599'),
  retry_after: z.int().min(0),
});
type Attributes = z.infer<typeof attributes>;

export const answer: ToxicType<Attributes> = {
  type: 'answer',
  goStruct: 'AnswerToxic',
  goInt: 'int64',
  attributes,
  only: 'upstream',
  per: 'request',
  stage: (initial, surroundings) => new AnswerStage(initial, surroundings),
};

/** On every answer of ours, so that whoever finds one in a log knows where it came from. */
export const ANSWER_MARK = 'x-toxic: answer';

class AnswerStage extends Stage<Attributes> {
  /** Of a request that is not all there yet: kept, so that it can go its way when the toxic leaves before that. */
  #held: Buffer = EMPTY;
  /** A request too long to be kept: the rest of it is still to be thrown away before it is answered. */
  #skipping: { head: RequestHead; rest: Rest } | undefined;
  /** What comes is no HTTP/1, or began before the toxic was there. */
  #passes = this.surroundings.underWay;
  /** The last answer has been given. */
  #closed = false;

  override push(chunk: Buffer): boolean {
    if (this.#passes) return this.outlet.push(chunk);
    if (this.#closed) return true;
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (this.#held.length > 0) {
      if (!(this.#skipping ? this.#skip(this.#skipping) : this.#take())) break;
    }
    return true;
  }

  override get isInRequest(): boolean {
    return this.#held.length > 0 || this.#skipping !== undefined;
  }

  override end(): void {
    this.#letGo();
    super.end();
  }

  override release(): void {
    // The beginning of this request is gone: what is left of it would be taken for something else.
    if (this.#skipping) this.surroundings.cut('close');
    else this.#letGo();
  }

  override discard(): void {
    this.#held = EMPTY;
  }

  /** Answers the request at the head of what is held. False when there is not enough of it. */
  #take(): boolean {
    const head = readHead(this.#held);
    if (head === 'more') return false;
    if (head === 'none') {
      this.#passes = true;
      this.#letGo();
      return false;
    }
    const { headBytes, waits } = head;
    const rest = restOf(head);
    // Nobody asks it to go on, so its body does not come.
    const end = waits ? 0 : rest.end(this.#held.subarray(headBytes));
    if (end !== undefined) this.#answer(head, headBytes + end);
    else if (this.#held.length <= MOST_HELD_BYTES) return false;
    else this.#throwAway(head, rest);
    return true;
  }

  #skip({ head, rest }: { head: RequestHead; rest: Rest }): boolean {
    const end = rest.end(this.#held);
    if (end === undefined) this.#throwAway(head, rest);
    else {
      this.#skipping = undefined;
      this.#answer(head, end);
    }
    return true;
  }

  #throwAway(head: RequestHead, rest: Rest): void {
    this.#skipping = { head, rest };
    this.#held = EMPTY;
  }

  /** Answers a request of which the last bytes are held. */
  #answer({ head, last, waits }: RequestHead, bytes: number): void {
    const { status, retry_after: retryAfterSec } = this.attributes;
    const closes = status === 0 || last || waits;
    this.#held = closes ? EMPTY : this.#held.subarray(bytes);
    this.#closed = closes;
    const chunk = status === 0 ? this.#garbage() : answerText(status, retryAfterSec, closes, !head);
    this.surroundings.reply(chunk, closes ? 'close' : this.#held.length > 0 ? 'more' : 'next');
  }

  /** Bytes that begin no answer: each has its highest bit set. */
  #garbage(): Buffer {
    return Buffer.from(Array.from({ length: GARBAGE_BYTES }, () => 128 + Math.floor(this.surroundings.random() * 128)));
  }

  #letGo(): void {
    const held = this.#held;
    this.#held = EMPTY;
    if (held.length > 0) this.outlet.push(held);
  }
}

function answerText(status: number, retryAfterSec: number, close: boolean, withBody: boolean): Buffer {
  const reason = STATUS_CODES[status] ?? 'Unknown';
  const body = status === 204 || status === 304 ? '' : `${reason}\n`;
  return Buffer.from(
    [
      `HTTP/1.1 ${status} ${reason}`,
      'content-type: text/plain',
      ...(status === 204 || status === 304 ? [] : [`content-length: ${body.length}`]),
      ...(retryAfterSec > 0 ? [`retry-after: ${retryAfterSec}`] : []),
      `connection: ${close ? 'close' : 'keep-alive'}`,
      ANSWER_MARK,
      '',
      withBody ? body : '',
    ].join('\r\n'),
  );
}

const EMPTY = Buffer.alloc(0);
const GARBAGE_BYTES = 64;
/** What is longer cannot go its way any more when the toxic leaves. */
const MOST_HELD_BYTES = 1024 * 1024;
