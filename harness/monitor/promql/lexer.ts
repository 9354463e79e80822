import { parsePromDuration } from './duration.ts';
import { PromqlError } from './error.ts';

/** `at` and `end` are offsets into the expression, `text` what stands there. */
export type Token = { at: number; end: number; text: string } & (
  | { kind: 'number'; value: number }
  | { kind: 'duration'; ms: number }
  | { kind: 'string'; value: string }
  | { kind: 'word' }
  | { kind: 'symbol' }
  | { kind: 'end' }
);

// The longest first: `=~` must win over `=`.
const SYMBOLS = ['=~', '!~', '==', '!=', '<=', '>=', ...'+-*/%^<>=(){}[],:@'];
const SPACE = /(?:\s+|#[^\n]*)+/y;
const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const DURATION = /(?:\d+(?:ms|[smhdwy]))+(?![a-zA-Z0-9_.])/y;
const NUMBER = /(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![a-zA-Z0-9_.])/y;
const NUMBER_LIKE = /[0-9.][a-zA-Z0-9_.]*/y;
const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** The tokens of an expression; the last one is `end`. Throws PromqlError. */
export function lex(expression: string): Token[] {
  const tokens: Token[] = [];
  // Inside [5m:1s] a colon separates; elsewhere it belongs to a name.
  let brackets = 0;
  let at = 0;
  for (;;) {
    at += matchAt(SPACE, expression, at).length;
    const token = at < expression.length ? next(expression, at, brackets > 0) : end(at);
    tokens.push(token);
    if (token.kind === 'end') return tokens;
    if (token.text === '[' && token.kind === 'symbol') brackets++;
    if (token.text === ']' && token.kind === 'symbol') brackets--;
    at = token.end;
  }
}

function end(at: number): Token {
  return { kind: 'end', at, end: at, text: '' };
}

function next(expression: string, at: number, inBrackets: boolean): Token {
  const char = expression.charAt(at);
  if (char === '"' || char === "'" || char === '`') return string(expression, at, char);

  const duration = matchAt(DURATION, expression, at);
  if (duration !== '') {
    const ms = parsePromDuration(duration);
    if (ms === undefined) {
      throw new PromqlError(
        expression,
        at,
        `bad duration "${duration}", expected units from large to small, each once: 1h30m`,
      );
    }
    return { kind: 'duration', ms, at, end: at + duration.length, text: duration };
  }
  const number = matchAt(NUMBER, expression, at);
  if (number !== '') return { kind: 'number', value: Number(number), at, end: at + number.length, text: number };
  const numberLike = matchAt(NUMBER_LIKE, expression, at);
  if (numberLike !== '') throw new PromqlError(expression, at, `bad number or duration "${numberLike}"`);

  if (!(inBrackets && char === ':')) {
    const word = matchAt(WORD, expression, at);
    if (word !== '') return { kind: 'word', at, end: at + word.length, text: word };
  }
  const symbol = SYMBOLS.find((candidate) => expression.startsWith(candidate, at));
  if (symbol !== undefined) return { kind: 'symbol', at, end: at + symbol.length, text: symbol };
  throw new PromqlError(
    expression,
    at,
    `unexpected character ${JSON.stringify(String.fromCodePoint(expression.codePointAt(at) ?? 0))}`,
  );
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** Go's string literals, which PromQL uses: '...' and "..." with escapes, `...` raw. */
function string(expression: string, at: number, quote: string): Token {
  let value = '';
  let i = at + 1;
  while (i < expression.length) {
    const char = expression.charAt(i);
    if (char === quote) return { kind: 'string', value, at, end: i + 1, text: expression.slice(at, i + 1) };
    if (quote !== '`' && char === '\n') break;
    if (quote !== '`' && char === '\\') {
      const escaped = readEscape(expression, i, quote);
      value += escaped.value;
      i = escaped.end;
    } else {
      value += char;
      i++;
    }
  }
  throw new PromqlError(expression, at, `unterminated string, expected a closing ${quote}`);
}

function readEscape(expression: string, at: number, quote: string): { value: string; end: number } {
  const kind = expression.charAt(at + 1);
  const simple = kind === quote ? quote : ESCAPES[kind];
  if (simple !== undefined) return { value: simple, end: at + 2 };

  const code = matchAt(/\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3})/y, expression, at);
  const point = /[0-7]/.test(kind) ? Number.parseInt(code.slice(1), 8) : Number.parseInt(code.slice(2), 16);
  // A byte above 0x7f is half a character in Go; there is no such thing in a JavaScript string.
  const isByte = kind === 'x' || /[0-7]/.test(kind);
  if (code === '' || point > (isByte ? 0x7f : 0x10ffff)) {
    throw new PromqlError(expression, at, `unknown escape "\\${kind}" in a string; write \\\\ for a backslash`);
  }
  return { value: String.fromCodePoint(point), end: at + code.length };
}
