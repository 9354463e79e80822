/**
 * JSON as Go's encoding/json reads and writes it, because clients see the differences: only the first value of a body
 * counts, numbers keep their literal (1.0 is not an integer), and syntax errors have Go's texts.
 */

export type Json =
  | { kind: 'null' }
  | { kind: 'bool'; value: boolean }
  | { kind: 'number'; literal: string }
  | { kind: 'string'; value: string }
  | { kind: 'array'; items: Json[] }
  | { kind: 'object'; entries: [name: string, value: Json][] };

/** The first JSON value of a text; throws a SyntaxError with Go's wording. What follows the value is not looked at. */
export function parseFirst(text: string): Json {
  const scanner = new Scanner(text);
  scanner.space();
  if (scanner.atEnd()) throw new SyntaxError('EOF');
  return scanner.value(0);
}

/** Compact JSON with the characters escaped that Go escapes, so that it is safe inside HTML. */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Deep enough for any request, shallow enough for the stack. */
const MAX_DEPTH = 1000;
const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  space(): void {
    while (/[ \t\r\n]/.test(this.#text.charAt(this.#at))) this.#at += 1;
  }

  value(depth: number): Json {
    if (depth > MAX_DEPTH) throw new SyntaxError('exceeded max depth');
    this.space();
    const first = this.#peek();
    switch (first) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return { kind: 'string', value: this.#string() };
      case 't':
        this.#literal('true');
        return { kind: 'bool', value: true };
      case 'f':
        this.#literal('false');
        return { kind: 'bool', value: false };
      case 'n':
        this.#literal('null');
        return { kind: 'null' };
      default:
        if (first === '-' || isDigit(first)) return { kind: 'number', literal: this.#number() };
        throw unexpected(first, 'looking for beginning of value');
    }
  }

  #object(depth: number): Json {
    const entries: [string, Json][] = [];
    this.#at += 1;
    this.space();
    if (this.#peek() === '}') {
      this.#at += 1;
      return { kind: 'object', entries };
    }
    while (true) {
      this.space();
      if (this.#peek() !== '"') throw unexpected(this.#peek(), 'looking for beginning of object key string');
      const name = this.#string();
      this.space();
      if (this.#peek() !== ':') throw unexpected(this.#peek(), 'after object key');
      this.#at += 1;
      entries.push([name, this.value(depth + 1)]);
      if (this.#closes('}', 'after object key:value pair')) return { kind: 'object', entries };
    }
  }

  #array(depth: number): Json {
    const items: Json[] = [];
    this.#at += 1;
    this.space();
    if (this.#peek() === ']') {
      this.#at += 1;
      return { kind: 'array', items };
    }
    while (true) {
      items.push(this.value(depth + 1));
      if (this.#closes(']', 'after array element')) return { kind: 'array', items };
    }
  }

  #closes(bracket: string, where: string): boolean {
    this.space();
    const next = this.#peek();
    if (next !== bracket && next !== ',') throw unexpected(next, where);
    this.#at += 1;
    return next === bracket;
  }

  #string(): string {
    this.#at += 1;
    let value = '';
    while (true) {
      const next = this.#take();
      if (next === '"') return value.toWellFormed();
      if (next < ' ') throw unexpected(next, 'in string literal');
      value += next === '\\' ? this.#escape() : next;
    }
  }

  #escape(): string {
    const next = this.#take();
    if (next !== 'u') {
      const plain = ESCAPES[next];
      if (plain === undefined) throw unexpected(next, 'in string escape code');
      return plain;
    }
    let hex = '';
    for (let digit = 0; digit < 4; digit += 1) {
      const found = this.#take();
      if (!/[0-9a-fA-F]/.test(found)) throw unexpected(found, 'in \\u hexadecimal character escape');
      hex += found;
    }
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #number(): string {
    const start = this.#at;
    if (this.#peek() === '-') this.#at += 1;
    if (this.#peek() === '0') this.#at += 1;
    else this.#digits('in numeric literal');
    if (this.#text.charAt(this.#at) === '.') {
      this.#at += 1;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#text.charAt(this.#at))) {
      this.#at += 1;
      if (/[+-]/.test(this.#peek())) this.#at += 1;
      this.#digits('in exponent of numeric literal');
    }
    return this.#text.slice(start, this.#at);
  }

  #digits(where: string): void {
    if (!isDigit(this.#peek())) throw unexpected(this.#peek(), where);
    while (isDigit(this.#text.charAt(this.#at))) this.#at += 1;
  }

  #literal(word: string): void {
    this.#at += 1;
    for (const expected of word.slice(1)) {
      const found = this.#take();
      if (found !== expected) throw unexpected(found, `in literal ${word} (expecting '${expected}')`);
    }
  }

  #peek(): string {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw new SyntaxError('unexpected EOF');
    return String.fromCodePoint(code);
  }

  #take(): string {
    const next = this.#peek();
    this.#at += next.length;
    return next;
  }
}

function isDigit(text: string): boolean {
  return text >= '0' && text <= '9';
}

function unexpected(found: string, where: string): SyntaxError {
  return new SyntaxError(`invalid character '${quoted(found)}' ${where}`);
}

/** Go looks at bytes, and takes the first of a character for a character. */
function quoted(found: string): string {
  const byte = Buffer.from(found)[0] ?? 0;
  const shown = String.fromCharCode(byte);
  if (shown in QUOTED) return QUOTED[shown] ?? shown;
  if (byte < 0x20 || byte === 0x7f) return `\\x${byte.toString(16).padStart(2, '0')}`;
  return shown;
}

const QUOTED: Record<string, string> = {
  "'": "\\'",
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};
