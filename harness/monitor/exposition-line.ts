import { parseNumber } from './number-text.ts';

/** `prometheus` is the text format 0.0.4 (timestamps in milliseconds), `openmetrics` 1.0 (in seconds, ends with # EOF). */
export type ExpositionFormat = 'prometheus' | 'openmetrics';

/** One line of an exposition. */
export interface ExpositionSample<Handle> {
  /** What the caller made of the series' labels. */
  handle: Handle;
  value: number;
  /** Epoch milliseconds; undefined on most lines. */
  tMs: number | undefined;
  /** The value as it is written: a recording tells `NaN` from `nan`. */
  valueText: string;
}

/** Text that is not a valid exposition. `line` and `column` are 1-based and open the message. */
export class ExpositionError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(line: number, column: number, problem: string) {
    super(`${line}:${column}: ${problem}`);
    this.name = 'ExpositionError';
    this.line = line;
    this.column = column;
  }
}

const SPACE = 32;
const TAB = 9;
const QUOTE = 34;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;
const HASH = 35;
const EQUALS = 61;
const COMMA = 44;
const TYPES = 'counter gauge histogram gaugehistogram summary untyped unknown info stateset'.split(' ');

export type Field = 'help' | 'type' | 'unit';
export type Describe = (name: string, field: Field, text: string) => void;
type Said = { name: string; field: Field; text: string };
const FIELDS = new Map<string, Field>([
  ['HELP', 'help'],
  ['TYPE', 'type'],
  ['UNIT', 'unit'],
]);

function unescaped(help: string): string {
  return help.replace(/\\(n|\\|")/g, (_whole, char) => (char === 'n' ? '\n' : char));
}

/** A cursor over one line. */
export class LineScanner {
  readonly #text: string;
  readonly #start: number;
  readonly #end: number;
  readonly #line: number;
  #at: number;
  #seriesEnd = 0;

  constructor(text: string, start: number, end: number, line: number) {
    this.#text = text;
    this.#start = start;
    this.#end = Math.max(start, end);
    this.#line = line;
    this.#at = start;
    this.#skipSpace();
  }

  isBlank(): boolean {
    return this.#at >= this.#end;
  }

  isComment(): boolean {
    return this.#code() === HASH;
  }

  /** The whole line. */
  rest(): string {
    return this.#text.slice(this.#start, this.#end);
  }

  /** What HELP, TYPE or UNIT say of a metric; a TYPE must be one, and what else follows a # says nothing. */
  comment(format: ExpositionFormat): 'EOF' | Said | undefined {
    this.#at++;
    this.#skipSpace();
    const keywordAt = this.#at;
    const keyword = this.#word();
    if (keyword === 'EOF' && format === 'openmetrics' && this.#at === this.#end) return 'EOF';
    const field = FIELDS.get(keyword);
    if (field === undefined) return undefined;
    this.#skipSpace();
    const name = this.#word();
    if (name === '' && field === 'type') throw this.error('expected the name of a metric after TYPE');
    this.#skipSpace();
    if (field !== 'type') return { name, field, text: unescaped(this.#text.slice(this.#at, this.#end)) };
    const typeAt = this.#at;
    const type = this.#word();
    if (!TYPES.includes(type)) {
      this.#at = type === '' ? keywordAt : typeAt;
      throw this.error(`unknown type ${JSON.stringify(type)}, expected one of ${TYPES.join(', ')}`);
    }
    return { name, field, text: type === 'untyped' ? 'unknown' : type };
  }

  /** The name and the labels as they are written; moves to what follows. */
  seriesText(): string {
    const text = this.#text;
    const from = this.#at;
    while (this.#at < this.#end && !isSpace(this.#code()) && this.#code() !== OPEN) this.#at++;
    // A brace may also follow a space.
    const nameEnd = this.#at;
    this.#skipSpace();
    if (this.#code() !== OPEN) this.#at = nameEnd;
    else this.#skipLabels();
    this.#seriesEnd = this.#at;
    return text.slice(from, this.#at);
  }

  #skipLabels(): void {
    const opened = this.#at;
    let inQuotes = false;
    for (this.#at++; this.#at < this.#end; this.#at++) {
      const code = this.#code();
      if (code === QUOTE) inQuotes = !inQuotes;
      else if (inQuotes && code === BACKSLASH) this.#at++;
      else if (!inQuotes && code === CLOSE) {
        this.#at++;
        return;
      }
    }
    this.#at = opened;
    throw this.error(inQuotes ? 'unterminated label value' : 'labels without a closing "}"');
  }

  /** The labels of the series just scanned, the name as `__name__`. */
  labels(): Record<string, string> {
    this.#at = this.#start;
    this.#skipSpace();
    const name = this.#name(true);
    const labels: Record<string, string> = name === '' ? {} : { __name__: name };
    this.#skipSpace();
    // Prometheus 3 writes names that are not plain into the braces, in quotes: {"my.metric",a="b"}.
    if (name === '' && this.#code() !== OPEN) throw this.error(`expected the name of a metric, got ${this.#here()}`);
    if (this.#code() === OPEN) {
      this.#at++;
      this.#readLabels(labels);
      if (labels.__name__ === undefined) throw this.error('expected the name of a metric before or in the braces');
    } else if (this.#at < this.#seriesEnd) {
      throw this.error(`unexpected ${this.#here()} in the name of a metric`);
    }
    this.#at = this.#seriesEnd;
    return labels;
  }

  #readLabels(labels: Record<string, string>): void {
    for (;;) {
      this.#skipSpace();
      if (this.#code() === CLOSE) break;
      const nameAt = this.#at;
      const isQuoted = this.#code() === QUOTE;
      const name = isQuoted ? this.#quoted('in quotes') : this.#name(false);
      if (name === '') throw this.error(`expected the name of a label, got ${this.#here()}`);
      this.#skipSpace();
      if (isQuoted && this.#code() !== EQUALS && labels.__name__ === undefined) {
        labels.__name__ = name;
        if (this.#code() === COMMA) this.#at++;
        continue;
      }
      if (this.#code() !== EQUALS) throw this.error(`expected "=" after label ${name}, got ${this.#here()}`);
      this.#at++;
      this.#skipSpace();
      const value = this.#quoted(name);
      if (Object.hasOwn(labels, name)) {
        this.#at = nameAt;
        throw this.error(`label ${name} is set twice`);
      }
      labels[name] = value;
      this.#skipSpace();
      if (this.#code() === COMMA) this.#at++;
      else if (this.#code() !== CLOSE) throw this.error(`expected "," or "}" after a label, got ${this.#here()}`);
    }
  }

  #quoted(name: string): string {
    if (this.#code() !== QUOTE) throw this.error(`expected a quoted value of label ${name}, got ${this.#here()}`);
    this.#at++;
    let value = '';
    let plainFrom = this.#at;
    for (; this.#at < this.#end && this.#code() !== QUOTE; this.#at++) {
      if (this.#code() !== BACKSLASH) continue;
      const escaped = this.#text.charAt(this.#at + 1);
      const char = escaped === 'n' ? '\n' : escaped === '"' || escaped === '\\' ? escaped : undefined;
      // Other escapes stand for themselves, as in Prometheus.
      value += this.#text.slice(plainFrom, this.#at) + (char ?? `\\${escaped}`);
      this.#at++;
      plainFrom = this.#at + 1;
    }
    value += this.#text.slice(plainFrom, this.#at);
    this.#at++;
    return value;
  }

  /** What follows the series: value and timestamp. An exemplar is passed over. */
  sample<Handle>(handle: Handle, format: ExpositionFormat): ExpositionSample<Handle> {
    if (!isSpace(this.#code())) throw this.error(`expected a space and a value, got ${this.#here()}`);
    this.#skipSpace();
    const valueAt = this.#at;
    const value = this.#number('a value');
    const valueText = this.#text.slice(valueAt, this.#at);
    this.#skipSpace();
    let tMs: number | undefined;
    if (this.#at < this.#end && this.#code() !== HASH) {
      const time = this.#number('a timestamp');
      if (!Number.isFinite(time)) throw this.error('a timestamp must be finite');
      tMs = Math.round(format === 'openmetrics' ? time * 1000 : time);
      this.#skipSpace();
    }
    if (this.#at < this.#end && this.#code() !== HASH) throw this.error(`unexpected ${this.#here()} after the sample`);
    return { handle, value, tMs, valueText };
  }

  #number(what: string): number {
    const at = this.#at;
    const word = this.#word();
    const value = parseNumber(word);
    if (value === undefined) {
      this.#at = at;
      throw this.error(`expected ${what}, got ${word === '' ? this.#here() : JSON.stringify(word)}`);
    }
    return value;
  }

  #word(): string {
    const from = this.#at;
    while (this.#at < this.#end && !isSpace(this.#code())) this.#at++;
    return this.#text.slice(from, this.#at);
  }

  #name(colons: boolean): string {
    const from = this.#at;
    while (this.#at < this.#end && isNameCode(this.#code(), this.#at > from, colons)) this.#at++;
    return this.#text.slice(from, this.#at);
  }

  #skipSpace(): void {
    while (this.#at < this.#end && isSpace(this.#code())) this.#at++;
  }

  #code(): number {
    return this.#at < this.#end ? this.#text.charCodeAt(this.#at) : -1;
  }

  #here(): string {
    return this.#at < this.#end ? JSON.stringify(this.#text.charAt(this.#at)) : 'the end of the line';
  }

  error(problem: string): ExpositionError {
    return new ExpositionError(this.#line, this.#at - this.#start + 1, problem);
  }
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

function isNameCode(code: number, digits: boolean, colons: boolean): boolean {
  const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
  return isLetter || (digits && code >= 48 && code <= 57) || (colons && code === 58);
}
