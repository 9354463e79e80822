/**
 * Parses HTTP/1.1 responses (RFC 9112) out of whatever pieces a socket gives, one response at a time, as strictly as
 * llhttp does with no leniency: what one driver calls malformed, the other does too. It reads strings of one byte a
 * character (latin1): for small answers that is several times faster than to look into a Buffer.
 *
 * ```
 *   head ──> nothing more ───────────────────────────────> done
 *        ──> length ── n bytes ──────────────────────────> done
 *        ──> chunk size ──> chunk data ──> chunk end ──┐
 *                 ^──────────────────────────────────────┘
 *                 └─ 0 ──> trailers ─────────────────────> done
 *        ──> until close ── the server closes ───────────> done
 * ```
 */
export class ResponseParser {
  status = 0;
  /** Status line and header lines, without the empty line. */
  head = '';
  /** True when the connection may carry another request after this response. */
  keepAlive = false;
  /** Seconds the server says it keeps an idle connection; undefined when it does not say. */
  keepAliveSec: number | undefined;
  /** True once a byte of this response has come. */
  begun = false;
  /** Why it is not HTTP, when `feed` said `failed`. */
  problem: ParseProblem | undefined;

  readonly #limits: ParserLimits;
  #state: State = State.Head;
  #toHead = false;
  /** Of the head, while it is not all here. */
  #pending = '';
  /** Bytes that are still to come of the body or of the chunk. */
  #missing = 0;
  #chunkDigits = 0;
  #lineLength = 0;
  #body = '';

  constructor(limits: ParserLimits) {
    this.#limits = limits;
  }

  /** Gets ready for the answer to a request; `HEAD` has no body whatever its headers say. */
  expect(method: string): void {
    this.status = 0;
    this.begun = false;
    this.problem = undefined;
    this.#state = State.Head;
    this.#toHead = method === 'HEAD';
    this.#pending = '';
    this.#body = '';
  }

  /** The body, all of it, one byte a character, once `feed` or `close` has said `done`. */
  get body(): string {
    return this.#body;
  }

  /**
   * Takes what a connection gave, up to `end`. Once it is `done`, bytes that are left over make the connection unusable:
   * nobody has asked for them.
   */
  feed(bytes: Buffer, end = bytes.length): 'more' | 'done' | 'failed' {
    const { text } = remembered;
    if (end < text.length || !this.#expectsHead) return this.#read(bytes.toString('latin1', 0, end));
    // A body cut out of a longer string would keep all of that, for as long as somebody keeps the answer.
    const head = bytes.toString('latin1', 0, text.length);
    const rest = bytes.toString('latin1', text.length, end);
    return this.#isRemembered(head) ? this.#read(rest) : this.#read(head + rest);
  }

  get #expectsHead(): boolean {
    return this.#state === State.Head && this.#pending === '';
  }

  #read(piece: string): 'more' | 'done' | 'failed' {
    let at = 0;
    if (piece.length > 0) this.begun = true;
    while (at < piece.length) {
      switch (this.#state) {
        case State.Head:
          at = this.#feedHead(piece, at);
          break;
        case State.Length:
        case State.ChunkData: {
          const end = Math.min(piece.length, at + this.#missing);
          if (!this.#keep(piece, at, end)) return 'failed';
          this.#missing -= end - at;
          at = end;
          if (this.#missing === 0) this.#state = this.#state === State.Length ? State.Done : State.ChunkEndCr;
          break;
        }
        case State.UntilClose:
          if (!this.#keep(piece, at, piece.length)) return 'failed';
          at = piece.length;
          break;
        case State.Done:
          this.keepAlive = false;
          return 'done';
        case State.Failed:
          return 'failed';
        default:
          this.#feedFraming(piece.charCodeAt(at++));
      }
    }
    // Changed by feedHead and feedFraming, which the type checker cannot see.
    const state: State = this.#state;
    return state === State.Done ? 'done' : state === State.Failed ? 'failed' : 'more';
  }

  /** The server has closed its side. Only a body that ends with the connection is complete by that. */
  close(): 'done' | 'truncated' {
    if (this.#state !== State.UntilClose) return 'truncated';
    this.#state = State.Done;
    return 'done';
  }

  #feedHead(piece: string, from: number): number {
    const before = this.#pending.length;
    const text = before === 0 ? piece : this.#pending + piece.slice(from);
    const start = before === 0 ? from : 0;
    // The end of the head may lie across the seam.
    const found = text.indexOf('\r\n\r\n', Math.max(start, before - 3));
    if ((found < 0 ? text.length : found) - start > this.#limits.headBytes) {
      this.#fail('too-large', `the head of the answer is larger than ${this.#limits.headBytes} bytes`);
      return piece.length;
    }
    if (found < 0) {
      this.#pending = start === 0 ? text : text.slice(start);
      this.#checkBeginning(this.#pending);
      return piece.length;
    }
    this.#pending = '';
    this.#readHead(text.slice(start, found));
    return from + (found + 4 - start - before);
  }

  /** Most answers of a server have the head of the one before, to the byte: its Date changes once a second. */
  #isRemembered(head: string): boolean {
    const { text, fields } = remembered;
    if (head !== text || text.length - 4 > this.#limits.headBytes) return false;
    this.begun = true;
    this.#take(remembered.head, remembered.status, fields);
    return true;
  }

  /** Something that is not HTTP at all is told at once: it may never send an empty line. */
  #checkBeginning(pending: string): void {
    const text = pending.slice(0, PREFIX.length);
    if (!PREFIX.startsWith(text)) this.#fail('malformed', `expected an HTTP/1 status line, got ${quoted(text)}`);
  }

  #readHead(head: string): void {
    const lineEnd = head.indexOf('\r\n');
    const statusLine = lineEnd < 0 ? head : head.slice(0, lineEnd);
    const status = readStatusLine(statusLine);
    if (status === undefined) {
      this.#fail('malformed', `expected an HTTP/1 status line, got ${quoted(statusLine)}`);
      return;
    }
    const fields = new Framing();
    if (lineEnd >= 0) {
      const problem = readFields(head, lineEnd + 2, fields);
      if (problem !== undefined) {
        this.#fail('malformed', problem);
        return;
      }
    }
    if (status === 101) {
      this.#fail('malformed', 'the server switched to another protocol, which nobody asked for');
      return;
    }
    // An interim answer: the one that counts is still to come.
    if (status < 200) return;
    fields.close ||= statusLine.charCodeAt(7) !== ONE && !fields.keepAlive;
    if (head.length <= MOST_REMEMBERED) remembered = { text: `${head}\r\n\r\n`, head, status, fields };
    this.#take(head, status, fields);
  }

  #take(head: string, status: number, fields: Framing): void {
    this.status = status;
    this.head = head;
    this.keepAliveSec = fields.keepAliveSec;
    this.keepAlive = !fields.close;
    this.#beginBody(status, fields);
  }

  #beginBody(status: number, fields: Framing): void {
    if (this.#toHead || status === 204 || status === 304) this.#state = State.Done;
    else if (fields.chunked) {
      this.#startChunkSize();
    } else if (fields.encoded) this.#untilClose();
    else if (fields.length !== undefined) {
      if (fields.length > this.#limits.bodyBytes) this.#bodyTooLarge();
      else {
        this.#missing = fields.length;
        this.#state = fields.length === 0 ? State.Done : State.Length;
      }
    } else this.#untilClose();
  }

  #untilClose(): void {
    this.keepAlive = false;
    this.#state = State.UntilClose;
  }

  #startChunkSize(): void {
    this.#state = State.ChunkSize;
    this.#missing = 0;
    this.#chunkDigits = 0;
    this.#lineLength = 0;
  }

  /** Everything between the data of chunks, byte by byte: what is between two chunks may be as long as a head. */
  #feedFraming(byte: number): void {
    this.#lineLength++;
    if (this.#lineLength > this.#limits.headBytes) {
      this.#fail('too-large', `a chunk's head or the trailers are larger than ${this.#limits.headBytes} bytes`);
      return;
    }
    switch (this.#state) {
      case State.ChunkSize:
        this.#feedChunkSize(byte);
        return;
      case State.ChunkExtension:
        if (byte === CR) this.#state = State.ChunkSizeLf;
        else if (byte === LF || !isFieldByte(byte)) this.#fail('malformed', 'a chunk extension has a forbidden byte');
        return;
      case State.ChunkSizeLf:
        if (byte !== LF) this.#fail('malformed', 'a chunk size does not end with CR LF');
        else if (this.#missing === 0) {
          this.#state = State.TrailerStart;
          this.#lineLength = 0;
        } else if (this.#body.length + this.#missing > this.#limits.bodyBytes) this.#bodyTooLarge();
        else this.#state = State.ChunkData;
        return;
      case State.ChunkEndCr:
        if (byte === CR) this.#state = State.ChunkEndLf;
        else this.#fail('malformed', 'a chunk is longer than it says');
        return;
      case State.ChunkEndLf:
        if (byte === LF) this.#startChunkSize();
        else this.#fail('malformed', 'a chunk does not end with CR LF');
        return;
      case State.TrailerStart:
        if (byte === CR) this.#state = State.TrailersLf;
        else if (isTokenByte(byte)) this.#state = State.TrailerName;
        else this.#fail('malformed', 'a trailer has no name');
        return;
      case State.TrailerName:
        if (byte === COLON) this.#state = State.Trailer;
        else if (!isTokenByte(byte)) this.#fail('malformed', 'the name of a trailer has a forbidden byte');
        return;
      case State.Trailer:
        if (byte === CR) this.#state = State.TrailerLf;
        else if (!isFieldByte(byte)) this.#fail('malformed', 'a trailer has a forbidden byte');
        return;
      case State.TrailerLf:
        if (byte === LF) this.#state = State.TrailerStart;
        else this.#fail('malformed', 'a trailer does not end with CR LF');
        return;
      case State.TrailersLf:
        if (byte === LF) this.#state = State.Done;
        else this.#fail('malformed', 'the trailers do not end with CR LF');
        return;
      default:
        throw new Error(`state ${this.#state} has no framing bytes`);
    }
  }

  #feedChunkSize(byte: number): void {
    const digit = hexValue(byte);
    if (digit >= 0) {
      this.#missing = this.#missing * 16 + digit;
      this.#chunkDigits++;
      if (this.#missing > Number.MAX_SAFE_INTEGER) this.#fail('malformed', 'a chunk size is too large a number');
    } else if (this.#chunkDigits === 0) this.#fail('malformed', 'a chunk has no size');
    else if (byte === CR) this.#state = State.ChunkSizeLf;
    else if (byte === SEMICOLON) this.#state = State.ChunkExtension;
    else this.#fail('malformed', 'a chunk size has a byte that is no hexadecimal digit');
  }

  #keep(piece: string, from: number, to: number): boolean {
    if (this.#body.length + to - from > this.#limits.bodyBytes) {
      this.#bodyTooLarge();
      return false;
    }
    this.#body += piece.slice(from, to);
    return true;
  }

  #bodyTooLarge(): void {
    this.#fail('too-large', `the body of the answer is larger than ${this.#limits.bodyBytes} bytes`);
  }

  #fail(kind: ParseProblem['kind'], message: string): void {
    this.problem ??= { kind, message };
    this.#state = State.Failed;
    this.#pending = '';
    this.#body = '';
  }
}

export interface ParserLimits {
  /** Status line and headers together; also a chunk's head, and the trailers. */
  headBytes: number;
  bodyBytes: number;
}

export interface ParseProblem {
  kind: 'malformed' | 'too-large';
  message: string;
}

const State = {
  Head: 0,
  Length: 1,
  UntilClose: 2,
  ChunkSize: 3,
  ChunkExtension: 4,
  ChunkSizeLf: 5,
  ChunkData: 6,
  ChunkEndCr: 7,
  ChunkEndLf: 8,
  TrailerStart: 9,
  TrailerName: 10,
  Trailer: 11,
  TrailerLf: 12,
  TrailersLf: 13,
  Done: 14,
  Failed: 15,
} as const;
type State = (typeof State)[keyof typeof State];

const PREFIX = 'HTTP/1.';
const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const COLON = 58;
const SEMICOLON = 59;
const ONE = 49;

/** What the header lines say of the body and of the connection. */
class Framing {
  length: number | undefined;
  /** There is a transfer-encoding, and whether chunked is its last. */
  encoded = false;
  chunked = false;
  close = false;
  keepAlive = false;
  keepAliveSec: number | undefined;
}

/** The status of `HTTP/1.1 200 Reason`, or undefined when that is no status line. */
function readStatusLine(line: string): number | undefined {
  return STATUS_LINE.test(line) ? Number(line.slice(9, 12)) : undefined;
}

const STATUS_LINE = /^HTTP\/1\.[01] [1-9]\d\d(?: [^\r\n]*)?$/;

/** Reads `name: value` lines from a place on. Only the few that say how to go on are looked at. */
function readFields(head: string, from: number, into: Framing): string | undefined {
  for (let start = from; start < head.length; ) {
    let end = head.indexOf('\r\n', start);
    if (end < 0) end = head.length;
    let at = start;
    while (at < end && isTokenByte(head.charCodeAt(at))) at++;
    if (at === start || at === end || head.charCodeAt(at) !== COLON)
      return `expected a header line, got ${quoted(head.slice(start, end))}`;
    const nameLength = at - start;
    for (let byte = at + 1; byte < end; byte++) {
      if (!isFieldByte(head.charCodeAt(byte)))
        return `header ${head.slice(start, at)} has a forbidden byte in its value`;
    }
    // Lengths of: connection, keep-alive, content-length, transfer-encoding.
    if (nameLength === 10 || nameLength === 14 || nameLength === 17) {
      const problem = readField(head.slice(start, at).toLowerCase(), head.slice(at + 1, end).trim(), into);
      if (problem !== undefined) return problem;
    }
    start = end + 2;
  }
  if (into.encoded && into.length !== undefined) return 'the answer has both content-length and transfer-encoding';
  return undefined;
}

function readField(name: string, value: string, into: Framing): string | undefined {
  switch (name) {
    case 'content-length':
      if (!/^\d{1,15}$/.test(value)) return `content-length is ${quoted(value)}, expected a number of bytes`;
      if (into.length !== undefined) return 'the answer has content-length twice';
      into.length = Number(value);
      return undefined;
    case 'transfer-encoding':
      into.encoded = true;
      into.chunked = /(?:^|,)[ \t]*chunked$/i.test(value);
      return undefined;
    case 'connection':
      for (const option of value.toLowerCase().split(',')) {
        if (option.trim() === 'close') into.close = true;
        else if (option.trim() === 'keep-alive') into.keepAlive = true;
      }
      return undefined;
    case 'keep-alive': {
      const seconds = /(?:^|[\s,;])timeout=(\d{1,9})/i.exec(value)?.[1];
      if (seconds !== undefined) into.keepAliveSec = Number(seconds);
      return undefined;
    }
    default:
      return undefined;
  }
}

/** RFC 9110 token: what names of headers are made of. */
function isTokenByte(byte: number): boolean {
  return (TOKEN[byte] ?? 0) === 1;
}

const TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  TOKEN[char.charCodeAt(0)] = 1;

function isFieldByte(byte: number): boolean {
  return byte === TAB || (byte >= SPACE && byte !== 127);
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}

const MOST_REMEMBERED = 2_048;

/** The last head that was read, and what it says; at first one that no answer begins with, as it is no byte. */
let remembered = { text: '\u0100', head: '', status: 0, fields: new Framing() };
