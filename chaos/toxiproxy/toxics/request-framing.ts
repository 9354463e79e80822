/** Where a request of HTTP/1 begins and ends in a stream of bytes (RFC 9112), and what of it decides how it is answered. */
export interface RequestHead {
  /** It is answered without a body. */
  head: boolean;
  /** The connection is to close after its answer: HTTP/1.0 without keep-alive, `connection: close`. */
  last: boolean;
  /** It waits for a word (`expect: 100-continue`) before it sends its body. */
  waits: boolean;
  /** Length of head and body; undefined for a body in chunks, whose end is found by `endOfChunks`. */
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

/** Where a chunked body that starts at `from` ends (RFC 9112, 7.1); undefined when it is not all there. */
export function endOfChunks(data: Buffer, from: number): number | undefined {
  let at = from;
  for (;;) {
    const lineEnd = data.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(data.toString('latin1', at, lineEnd), 16) || 0;
    at = lineEnd + 2;
    if (size === 0) break;
    at += size + 2;
  }
  // Trailer fields, until an empty line.
  for (;;) {
    const lineEnd = data.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    if (lineEnd === at) return at + 2;
    at = lineEnd + 2;
  }
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) \S+ HTTP\/1\.([01])$/;
const START_OF_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?: [^\r\n]*\r?)?$/;
const MOST_HEAD_BYTES = 64 * 1024;
