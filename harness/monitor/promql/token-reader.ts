import { PromqlError } from './error.ts';
import { lex, type Token } from './lexer.ts';

/** The tokens of an expression, one after the other, and what several parts of the grammar read from them. */
export class TokenReader {
  readonly expression: string;
  readonly #tokens: Token[];
  #index = 0;

  constructor(expression: string) {
    this.expression = expression;
    this.#tokens = lex(expression);
  }

  skip(count = 1): void {
    this.#index += count;
  }

  /** The token after the next one. */
  second(): Token | undefined {
    return this.#tokens[this.#index + 1];
  }

  /** `(a, b,)`: names of labels; a trailing comma is allowed, as Prometheus allows it. */
  labels(where: string): string[] {
    this.open('(', where);
    const labels = new Set<string>();
    while (!this.symbol(')')) {
      labels.add(this.labelName(`in ${where}(...)`));
      if (!this.symbol(',') && this.peek().text !== ')') {
        throw this.unexpected(this.peek(), `in ${where}(...)`, '"," or ")"');
      }
    }
    return [...labels];
  }

  /** A name, or any text in quotes: Prometheus 3 allows every character there. */
  labelName(where: string): string {
    const token = this.peek();
    const name =
      token.kind === 'word' && !token.text.includes(':') ? token.text : token.kind === 'string' ? token.value : '';
    if (name === '') throw this.unexpected(token, where, 'a label name');
    this.skip();
    return name;
  }

  durationMs(where: string, signed: boolean): number {
    const token = this.peek();
    const ms = signed ? this.signedMs(where, 'a duration such as 5m') : this.ms(where, 'a duration such as 5m');
    if (!signed && ms <= 0) throw this.error(token, `a ${where} must be longer than 0`);
    return ms;
  }

  signedMs(where: string, expected: string): number {
    const negative = this.symbol('-');
    if (!negative) this.symbol('+');
    const ms = this.ms(where, expected);
    return negative && ms !== 0 ? -ms : ms;
  }

  /** A duration, or a number of seconds. */
  ms(where: string, expected: string): number {
    const token = this.peek();
    if (token.kind !== 'duration' && token.kind !== 'number') throw this.unexpected(token, `in ${where}`, expected);
    const ms = token.kind === 'duration' ? token.ms : Math.round(token.value * 1000);
    if (!Number.isSafeInteger(ms)) throw this.error(token, `${token.text} is too long`);
    this.skip();
    return ms;
  }
  peek(): Token {
    return this.#tokens[this.#index] ?? this.previous();
  }

  previous(): Token {
    const token = this.#tokens[Math.min(this.#index, this.#tokens.length) - 1];
    return token ?? { kind: 'end', at: 0, end: 0, text: '' };
  }

  word(word: string): boolean {
    if (!isWord(this.peek(), word)) return false;
    this.skip();
    return true;
  }

  symbol(symbol: string): boolean {
    const token = this.peek();
    if (token.kind !== 'symbol' || token.text !== symbol) return false;
    this.skip();
    return true;
  }

  open(symbol: string, where: string, expected = `"${symbol}"`): void {
    if (!this.symbol(symbol)) throw this.unexpected(this.peek(), `in ${where}`, expected);
  }

  close(symbol: string, where: string, expected: string): Token {
    const token = this.peek();
    if (!this.symbol(symbol)) throw this.unexpected(token, `in ${where}`, expected);
    return token;
  }

  unexpected(token: Token, where: string, expected: string): PromqlError {
    const what =
      token.kind === 'end'
        ? 'unexpected end'
        : token.kind === 'string'
          ? `unexpected string ${token.text}`
          : `unexpected "${token.text}"`;
    return this.error(token, `${what} ${where}, expected ${expected}`);
  }

  error(token: Token, problem: string): PromqlError {
    return new PromqlError(this.expression, token.at, problem);
  }
}

export function isWord(token: Token, word: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === word;
}
