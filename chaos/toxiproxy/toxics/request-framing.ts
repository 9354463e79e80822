/** Where a request of HTTP/1 begins and ends in a stream of bytes (RFC 9112), and what of it decides how it is answered. */
export interface RequestHead {
  /** It is answered without a body. */
  head: boolean;
  /** The connection is to close after its answer: HTTP/1.0 without keep-alive, `connection: close`. */
  last: boolean;
  /** It waits for a word (`expect: 100-continue`) before it sends its body. */
  waits: boolean;
  /** Length of head and body; undefined for a body in chunks, whose end is found as it comes. */
  bytes: number | undefined;
  headBytes: number;
}

/** The head at the start of `data`; `more` when it is not complete yet, `none` when this is no HTTP/1 request. */
export function readHead(data: Buffer): RequestHead | 'more' | 'none' {
  const end = data.indexOf('\r\n\r\n');
  const text = data.toString('latin1', 0, end === -1 ? Math.min(data.length, MOST_HEAD_BYTES) : end);
  const [line = '', ...fields] = text.split('\r\n');
  if (end === -1) {
    const whole = fields.length > 0;
    return (whole ? REQUEST_LINE : START_OF_LINE).test(line) && data.length < MOST_HEAD_BYTES ? 'more' : 'none';
  }
  const [, method, minor] = REQUEST_LINE.exec(line) ?? [];
  if (method === undefined) return 'none';
  const value = (name: string) =>
    fields
      .filter((field) => field.slice(0, field.indexOf(':')).toLowerCase() === name)
      .map((field) => field.slice(field.indexOf(':') + 1).trim())
      .join(',')
      .toLowerCase();
  const headBytes = end + 4;
  const chunked = /(?:^|[,\s])chunked$/.test(value('transfer-encoding'));
  const options = value('connection');
  return {
    head: method === 'HEAD',
    last: minor === '0' ? !/\bkeep-alive\b/.test(options) : /\bclose\b/.test(options),
    waits: value('expect') === '100-continue',
    bytes: chunked ? undefined : headBytes + (Number.parseInt(value('content-length'), 10) || 0),
    headBytes,
  };
}

/** The rest of a request whose head has been read, as it comes in. */
export interface Rest {
  /** How many bytes at the start of `data`, which follows what was given before, end it; undefined when more is to come. */
  end(data: Buffer): number | undefined;
}

export function restOf({ bytes, headBytes }: RequestHead): Rest {
  return bytes === undefined ? new Chunks() : new KnownLength(bytes - headBytes);
}

class KnownLength implements Rest {
  #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  end(data: Buffer): number | undefined {
    if (this.#bytes <= data.length) return this.#bytes;
    this.#bytes -= data.length;
    return undefined;
  }
}

/** A body in chunks (RFC 9112, 7.1), with its trailer fields, until an empty line. */
class Chunks implements Rest {
  #in: 'size' | 'extension' | 'trailer' = 'size';
  #size = 0;
  /** Of a chunk, and of the end of its line. */
  #skip = 0;
  #lineIsEmpty = true;

  end(data: Buffer): number | undefined {
    for (let at = 0; at < data.length; at += 1) {
      if (this.#skip > 0) {
        const part = Math.min(this.#skip, data.length - at);
        this.#skip -= part;
        at += part - 1;
      } else if (this.#isOver(data[at] ?? 0)) return at + 1;
    }
    return undefined;
  }

  /** Takes a byte outside of chunks: whether it was the last. */
  #isOver(byte: number): boolean {
    if (byte === LINE_FEED) {
      if (this.#in === 'trailer') {
        if (this.#lineIsEmpty) return true;
      } else if (this.#size === 0) this.#in = 'trailer';
      else {
        this.#in = 'size';
        this.#skip = this.#size + 2;
        this.#size = 0;
      }
      this.#lineIsEmpty = true;
    } else if (this.#in === 'size') {
      const digit = Number.parseInt(String.fromCharCode(byte), 16);
      if (Number.isNaN(digit)) this.#in = 'extension';
      else this.#size = this.#size * 16 + digit;
    } else if (byte !== CARRIAGE_RETURN) this.#lineIsEmpty = false;
    return false;
  }
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) \S+ HTTP\/1\.([01])$/;
const START_OF_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?: [^\r\n]*\r?)?$/;
const MOST_HEAD_BYTES = 64 * 1024;
