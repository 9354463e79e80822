/** A client broke the protocol. Its connection ends; nobody else's. */
export class RespError extends Error {
  override name = 'RespError';
}

const MAX_ARGUMENTS = 1_024 * 1_024;
const MAX_BULK_BYTES = 64 * 1_024 * 1_024;
const MAX_LINE_BYTES = 64 * 1_024;
const CR = 13;
const LF = 10;

/**
 * Takes bytes as they come and gives the commands that are complete: arrays of bulk strings, or inline commands (RESP2,
 * redis.io/docs/latest/develop/reference/protocol-spec).
 */
export class RespParser {
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  /** @throws RespError */
  push(chunk: Buffer): Buffer[][] {
    this.#buffer = this.#at === this.#buffer.length ? chunk : Buffer.concat([this.#buffer.subarray(this.#at), chunk]);
    this.#at = 0;
    const commands: Buffer[][] = [];
    for (;;) {
      const startedAt = this.#at;
      const command = this.#command();
      if (command === undefined) {
        this.#at = startedAt;
        return commands;
      }
      if (command.length > 0) commands.push(command);
    }
  }

  /** `undefined` while it is incomplete, empty for an empty line. */
  #command(): Buffer[] | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    if (!line.startsWith('*')) {
      return line
        .split(' ')
        .filter((word) => word !== '')
        .map((word) => Buffer.from(word));
    }
    const count = lengthIn(line, 'multibulk', MAX_ARGUMENTS);
    const words: Buffer[] = [];
    for (let index = 0; index < count; index++) {
      const header = this.#line();
      if (header === undefined) return undefined;
      if (!header.startsWith('$')) throw new RespError(`expected '$', got '${header.slice(0, 1)}'`);
      const bytes = lengthIn(header, 'bulk', MAX_BULK_BYTES);
      if (this.#buffer.length < this.#at + bytes + 2) return undefined;
      const end = this.#at + bytes;
      if (this.#buffer[end] !== CR || this.#buffer[end + 1] !== LF) throw new RespError('expected CRLF after a bulk');
      words.push(this.#buffer.subarray(this.#at, end));
      this.#at = end + 2;
    }
    return words;
  }

  #line(): string | undefined {
    const end = this.#buffer.indexOf(LF, this.#at);
    if (end === -1) {
      if (this.#buffer.length - this.#at > MAX_LINE_BYTES) throw new RespError('too big inline request');
      return undefined;
    }
    const last = end > this.#at && this.#buffer[end - 1] === CR ? end - 1 : end;
    const line = this.#buffer.toString('latin1', this.#at, last);
    this.#at = end + 1;
    return line;
  }
}

function lengthIn(line: string, what: string, max: number): number {
  const text = line.slice(1);
  const length = Number(text);
  if (text === '' || !Number.isInteger(length) || length < 0 || length > max) {
    throw new RespError(`invalid ${what} length`);
  }
  return length;
}
