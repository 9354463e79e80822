import {
  AGGREGATORS,
  type Aggregation,
  type Aggregator,
  BINDING_POWER,
  type Binary,
  type BinaryOp,
  type Call,
  type Expr,
  isComparison,
  isSetOp,
  type Matcher,
  type MatcherOp,
  type Matching,
  type Shift,
  type Subquery,
  UNARY_BINDING_POWER,
  type VectorSelector,
} from './ast.ts';
import { PromqlError } from './error.ts';
import { lex, type Token } from './lexer.ts';
import { matcherTest } from './matcher.ts';

/**
 * The syntax tree of an expression; types are not checked yet (see check.ts). A Pratt parser: operators carry their
 * binding power, so precedence is a table and not a tower of functions. Throws PromqlError.
 */
export function parse(expression: string): Expr {
  return new Parser(expression).parse();
}

// Trees are walked recursively; these keep the walks far away from the end of the stack.
const MAX_NESTING = 200;
const MAX_OPERATORS = 1_000;

const UNSUPPORTED_AGGREGATORS = ['limitk', 'limit_ratio'];
const UNSUPPORTED_MODIFIERS = ['smoothed', 'anchored', 'fill', 'fill_left', 'fill_right'];

/** Aggregations that take an argument before the vector, with an example of it. */
const PARAMETERS: Partial<Record<Aggregator, string>> = {
  topk: '3',
  bottomk: '3',
  quantile: '0.9',
  count_values: '"v"',
};

/** What a shift or a range may follow: a selector just parsed, without parentheses around it, and what it has already. */
interface Operand {
  expr: Expr;
  bare: boolean;
  hasOffset: boolean;
  hasAt: boolean;
}

class Parser {
  readonly #expression: string;
  readonly #tokens: Token[];
  #index = 0;
  #nesting = 0;
  #operators = 0;

  constructor(expression: string) {
    this.#expression = expression;
    this.#tokens = lex(expression);
  }

  parse(): Expr {
    if (this.#peek().kind === 'end') throw this.#error(this.#peek(), 'empty expression, expected an expression');
    const expr = this.#expr(0, 'expression');
    const rest = this.#peek();
    if (rest.kind === 'end') return expr;
    throw this.#unexpected(rest, 'after the expression', 'an operator or the end');
  }

  #expr(minPower: number, where: string): Expr {
    if (++this.#nesting > MAX_NESTING) throw this.#error(this.#peek(), `nested more than ${MAX_NESTING} deep`);
    let left = this.#prefix(where);
    for (;;) {
      const token = this.#peek();
      const op = binaryOp(token);
      if (op === undefined || BINDING_POWER[op] <= minPower) break;
      if (++this.#operators > MAX_OPERATORS) throw this.#error(token, `more than ${MAX_OPERATORS} operators`);
      this.#index++;
      left = this.#binary(op, token, left);
    }
    this.#nesting--;
    return left;
  }

  #binary(op: BinaryOp, token: Token, left: Expr): Binary {
    const bool = this.#word('bool');
    if (bool && !isComparison(op)) throw this.#error(token, `bool goes with comparisons only, not with "${op}"`);
    const matching = this.#matching(op, token);
    // One less than its own power makes the right side of ^ take the next ^ as well.
    const right = this.#expr(op === '^' ? BINDING_POWER[op] - 1 : BINDING_POWER[op], `right side of "${op}"`);
    return { kind: 'binary', op, bool, matching, left, right, at: left.at, end: right.end };
  }

  #matching(op: BinaryOp, token: Token): Matching | undefined {
    const on = this.#word('on');
    if (!on && !this.#word('ignoring')) {
      const stray = this.#peek();
      if (isWord(stray, 'group_left') || isWord(stray, 'group_right')) {
        throw this.#error(stray, `unexpected "${stray.text}", expected on(...) or ignoring(...) before it`);
      }
      return undefined;
    }
    const labels = this.#labels(on ? 'on' : 'ignoring');
    const group = this.#peek();
    const left = this.#word('group_left');
    if (!left && !this.#word('group_right')) {
      return { on, labels, cardinality: isSetOp(op) ? 'many-to-many' : 'one-to-one', include: [] };
    }
    if (isSetOp(op)) throw this.#error(group, `${group.text} does not go with "${op}"`);
    const include = this.#peek().text === '(' ? this.#labels(group.text) : [];
    const twice = on ? include.find((label) => labels.includes(label)) : undefined;
    if (twice !== undefined)
      throw this.#error(token, `label "${twice}" must not be in on(...) and ${group.text}(...) at once`);
    return { on, labels, cardinality: left ? 'many-to-one' : 'one-to-many', include };
  }

  #prefix(where: string): Expr {
    const token = this.#peek();
    if (token.kind === 'symbol' && (token.text === '-' || token.text === '+')) {
      this.#index++;
      const expr = this.#expr(UNARY_BINDING_POWER, `operand of "${token.text}"`);
      return { kind: 'unary', op: token.text, expr, at: token.at, end: expr.end };
    }
    return this.#postfix(this.#primary(where));
  }

  #primary(where: string): Operand {
    const token = this.#peek();
    const span = { at: token.at, end: token.end };
    switch (token.kind) {
      case 'number':
        this.#index++;
        return operand({ kind: 'number', value: token.value, ...span });
      case 'duration':
        this.#index++;
        return operand({ kind: 'number', value: token.ms / 1000, ...span });
      case 'string':
        this.#index++;
        return operand({ kind: 'string', value: token.value, ...span });
      case 'word':
        return this.#named(token);
      case 'symbol':
        if (token.text === '{') return operand(this.#selector(undefined), true);
        if (token.text === '(') {
          this.#index++;
          const expr = this.#expr(0, 'parentheses');
          this.#close(')', 'parentheses', 'an operator or ")"');
          return operand(expr);
        }
        throw this.#unexpected(token, `in ${where}`, 'an expression');
      case 'end':
        throw this.#unexpected(token, `in ${where}`, 'an expression');
      default:
        return token satisfies never;
    }
  }

  /** A word where an expression begins: a number, an aggregation, a call, or the name of a metric. */
  #named(token: Token): Operand {
    const lower = token.text.toLowerCase();
    const value = lower === 'inf' ? Number.POSITIVE_INFINITY : lower === 'nan' ? Number.NaN : undefined;
    if (value !== undefined) {
      this.#index++;
      return operand({ kind: 'number', value, at: token.at, end: token.end });
    }
    const next = this.#tokens[this.#index + 1];
    const isCalled = next?.kind === 'symbol' && next.text === '(';
    const isGrouped = next !== undefined && (isWord(next, 'by') || isWord(next, 'without'));
    if (isCalled || isGrouped) {
      if (UNSUPPORTED_AGGREGATORS.includes(lower))
        throw this.#error(token, `the aggregation ${lower} is not supported: it is an experiment of Prometheus 3`);
      const op = AGGREGATORS.find((name) => name === lower);
      if (op !== undefined) return operand(this.#aggregation(op, token));
    }
    return isCalled ? operand(this.#call(token)) : operand(this.#selector(token), true);
  }

  #aggregation(op: Aggregator, token: Token): Aggregation {
    this.#index++;
    let grouping = this.#grouping();
    this.#open('(', 'aggregation');
    const first = this.#expr(0, 'aggregation');
    const needsParam = PARAMETERS[op] !== undefined;
    if (needsParam) this.#open(',', 'aggregation', `"," and the vector, as in ${op}(${PARAMETERS[op]}, x)`);
    const expr = needsParam ? this.#expr(0, 'aggregation') : first;
    let end = this.#close(')', 'aggregation', 'an operator or ")"').end;
    if (grouping === undefined) {
      grouping = this.#grouping();
      if (grouping !== undefined) end = this.#previous().end;
    }
    return {
      kind: 'aggregation',
      op,
      param: needsParam ? first : undefined,
      expr,
      grouping: grouping ?? { by: true, labels: [] },
      at: token.at,
      end,
    };
  }

  #grouping(): Aggregation['grouping'] | undefined {
    const by = this.#word('by');
    if (!by && !this.#word('without')) return undefined;
    return { by, labels: this.#labels(by ? 'by' : 'without') };
  }

  #call(token: Token): Call {
    this.#index += 2;
    const where = `call of ${token.text}`;
    const args: Expr[] = [];
    if (this.#peek().text !== ')') {
      do args.push(this.#expr(0, where));
      while (this.#symbol(','));
    }
    const { end } = this.#close(')', where, '"," or ")"');
    return { kind: 'call', name: token.text, args, at: token.at, end };
  }

  /** `(a, b,)`: names of labels; a trailing comma is allowed, as Prometheus allows it. */
  #labels(where: string): string[] {
    this.#open('(', where);
    const labels = new Set<string>();
    while (!this.#symbol(')')) {
      labels.add(this.#labelName(`in ${where}(...)`));
      if (!this.#symbol(',') && this.#peek().text !== ')') {
        throw this.#unexpected(this.#peek(), `in ${where}(...)`, '"," or ")"');
      }
    }
    return [...labels];
  }

  /** A name, or any text in quotes: Prometheus 3 allows every character there. */
  #labelName(where: string): string {
    const token = this.#peek();
    const name =
      token.kind === 'word' && !token.text.includes(':') ? token.text : token.kind === 'string' ? token.value : '';
    if (name === '') throw this.#unexpected(token, where, 'a label name');
    this.#index++;
    return name;
  }

  #selector(name: Token | undefined): VectorSelector {
    const start = name ?? this.#peek();
    if (name !== undefined) this.#index++;
    const matchers: Matcher[] = name === undefined ? [] : [{ name: '__name__', op: '=', value: name.text }];
    if (this.#symbol('{')) {
      while (!this.#symbol('}')) {
        this.#matcher(matchers, name);
        if (!this.#symbol(',') && this.#peek().text !== '}') {
          throw this.#unexpected(this.#peek(), 'in label matchers', '"," or "}"');
        }
      }
    }
    if (matchers.every((matcher) => matcherTest(matcher)(''))) {
      throw this.#error(start, 'a selector needs at least one matcher that does not match the empty string');
    }
    matchers.sort((a, b) => Number(isName(b)) - Number(isName(a)));
    return { kind: 'selector', matchers, offsetMs: 0, atTime: undefined, at: start.at, end: this.#previous().end };
  }

  /** `name="value"`, or, in Prometheus 3, the metric's name in quotes: `{"my.metric"}`. */
  #matcher(matchers: Matcher[], metric: Token | undefined): void {
    const label = this.#peek();
    const next = this.#tokens[this.#index + 1];
    if (label.kind === 'string' && (next?.text === ',' || next?.text === '}')) {
      this.#index++;
      this.#add({ name: '__name__', op: '=', value: label.value }, matchers, label, metric);
      return;
    }
    const name = this.#labelName('in label matchers');
    const opToken = this.#peek();
    const op = matcherOp(opToken);
    if (op === undefined) throw this.#unexpected(opToken, 'in label matchers', '=, !=, =~ or !~');
    this.#index++;
    const value = this.#peek();
    if (value.kind !== 'string') throw this.#unexpected(value, 'in label matchers', 'a quoted value');
    this.#index++;
    const matcher = { name, op, value: value.value };
    try {
      matcherTest(matcher);
    } catch (error) {
      throw this.#error(value, error instanceof Error ? error.message : String(error));
    }
    this.#add(matcher, matchers, label, metric);
  }

  #add(matcher: Matcher, matchers: Matcher[], at: Token, metric: Token | undefined): void {
    const isSecond = isName(matcher) && (metric !== undefined || (at.kind === 'string' && matchers.some(isName)));
    if (isSecond) {
      const first = metric?.text ?? matchers.find(isName)?.value;
      throw this.#error(at, `the metric name is set twice: "${first}" and "${matcher.value}"`);
    }
    matchers.push(matcher);
  }

  /** Ranges, subqueries, offset and @, which bind tighter than any operator. */
  #postfix(operand: Operand): Expr {
    let current = operand;
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'symbol' && token.text === '[') current = this.#range(current, token);
      else if (isWord(token, 'offset')) current = this.#offset(current, token);
      else if (token.kind === 'symbol' && token.text === '@') current = this.#atTime(current, token);
      else if (token.kind === 'word' && UNSUPPORTED_MODIFIERS.includes(token.text)) {
        throw this.#error(token, `the modifier ${token.text} is not supported: it is an experiment of Prometheus 3`);
      } else return current.expr;
    }
  }

  #range({ expr, bare, hasOffset, hasAt }: Operand, bracket: Token): Operand {
    this.#index++;
    const rangeMs = this.#durationMs('range', false);
    if (!this.#symbol(':')) {
      const { end } = this.#close(']', 'range', '":" or "]"');
      if (expr.kind !== 'selector' || !bare) {
        throw this.#error(bracket, 'a range goes with a selector only; write expr[5m:1s] for a subquery');
      }
      if (hasOffset || hasAt) throw this.#error(bracket, 'offset and @ come after the range, as in x[5m] offset 1m');
      return operand({ kind: 'range', selector: expr, rangeMs, at: expr.at, end }, true);
    }
    if (++this.#operators > MAX_OPERATORS) throw this.#error(bracket, `more than ${MAX_OPERATORS} operators`);
    const stepMs = this.#peek().text === ']' ? undefined : this.#durationMs('subquery', false);
    const { end } = this.#close(']', 'subquery', '"]"');
    const shift: Shift = { offsetMs: 0, atTime: undefined };
    return operand({ kind: 'subquery', expr, rangeMs, stepMs, ...shift, at: expr.at, end }, true);
  }

  #offset(target: Operand, token: Token): Operand {
    this.#index++;
    const offsetMs = this.#durationMs('offset', true);
    if (target.hasOffset) throw this.#error(token, 'offset is set twice');
    return { ...this.#shifted(target, token, { offsetMs }), hasOffset: true, hasAt: target.hasAt };
  }

  #atTime(target: Operand, token: Token): Operand {
    this.#index++;
    const time = this.#peek();
    let atTime: Shift['atTime'];
    if (isWord(time, 'start') || isWord(time, 'end')) {
      this.#index++;
      this.#open('(', `@ ${time.text}`);
      this.#close(')', `@ ${time.text}`, '")"');
      atTime = { kind: time.text.toLowerCase() === 'start' ? 'start' : 'end' };
    } else {
      atTime = { kind: 'time', tMs: this.#signedMs('@', 'a time in seconds, start() or end()') };
    }
    if (target.hasAt) throw this.#error(token, '@ is set twice');
    return { ...this.#shifted(target, token, { atTime }), hasOffset: target.hasOffset, hasAt: true };
  }

  #shifted({ expr, bare }: Operand, token: Token, change: Partial<Shift>): Operand {
    const { end } = this.#previous();
    if (bare && (expr.kind === 'selector' || expr.kind === 'subquery')) {
      const shifted: VectorSelector | Subquery = { ...expr, ...change, end };
      return operand(shifted, true);
    }
    if (bare && expr.kind === 'range') {
      return operand({ ...expr, selector: { ...expr.selector, ...change }, end }, true);
    }
    throw this.#error(token, `${token.text} goes with a selector, a range or a subquery only`);
  }

  #durationMs(where: string, signed: boolean): number {
    const token = this.#peek();
    const ms = signed ? this.#signedMs(where, 'a duration such as 5m') : this.#ms(where, 'a duration such as 5m');
    if (!signed && ms <= 0) throw this.#error(token, `a ${where} must be longer than 0`);
    return ms;
  }

  #signedMs(where: string, expected: string): number {
    const negative = this.#symbol('-');
    if (!negative) this.#symbol('+');
    const ms = this.#ms(where, expected);
    return negative && ms !== 0 ? -ms : ms;
  }

  /** A duration, or a number of seconds. */
  #ms(where: string, expected: string): number {
    const token = this.#peek();
    if (token.kind !== 'duration' && token.kind !== 'number') throw this.#unexpected(token, `in ${where}`, expected);
    const ms = token.kind === 'duration' ? token.ms : Math.round(token.value * 1000);
    if (!Number.isSafeInteger(ms)) throw this.#error(token, `${token.text} is too long`);
    this.#index++;
    return ms;
  }

  #peek(): Token {
    return this.#tokens[this.#index] ?? this.#previous();
  }

  #previous(): Token {
    const token = this.#tokens[Math.min(this.#index, this.#tokens.length) - 1];
    return token ?? { kind: 'end', at: 0, end: 0, text: '' };
  }

  #word(word: string): boolean {
    if (!isWord(this.#peek(), word)) return false;
    this.#index++;
    return true;
  }

  #symbol(symbol: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'symbol' || token.text !== symbol) return false;
    this.#index++;
    return true;
  }

  #open(symbol: string, where: string, expected = `"${symbol}"`): void {
    if (!this.#symbol(symbol)) throw this.#unexpected(this.#peek(), `in ${where}`, expected);
  }

  #close(symbol: string, where: string, expected: string): Token {
    const token = this.#peek();
    if (!this.#symbol(symbol)) throw this.#unexpected(token, `in ${where}`, expected);
    return token;
  }

  #unexpected(token: Token, where: string, expected: string): PromqlError {
    const what =
      token.kind === 'end'
        ? 'unexpected end'
        : token.kind === 'string'
          ? `unexpected string ${token.text}`
          : `unexpected "${token.text}"`;
    return this.#error(token, `${what} ${where}, expected ${expected}`);
  }

  #error(token: Token, problem: string): PromqlError {
    return new PromqlError(this.#expression, token.at, problem);
  }
}

function operand(expr: Expr, bare = false): Operand {
  return { expr, bare, hasOffset: false, hasAt: false };
}

function isWord(token: Token, word: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === word;
}

function isName(matcher: Matcher): boolean {
  return matcher.name === '__name__' && matcher.op === '=';
}

function binaryOp(token: Token): BinaryOp | undefined {
  const text = token.kind === 'word' ? token.text.toLowerCase() : token.kind === 'symbol' ? token.text : '';
  return Object.hasOwn(BINDING_POWER, text) ? (text as BinaryOp) : undefined;
}

function matcherOp(token: Token): MatcherOp | undefined {
  if (token.kind !== 'symbol') return undefined;
  const { text } = token;
  return text === '=' || text === '!=' || text === '=~' || text === '!~' ? text : undefined;
}
