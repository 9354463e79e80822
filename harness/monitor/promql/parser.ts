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
  type Matching,
  type Shift,
  type Subquery,
  UNARY_BINDING_POWER,
  type VectorSelector,
} from './ast.ts';
import type { Token } from './lexer.ts';
import { readSelector } from './parse-selector.ts';
import { isWord, TokenReader } from './token-reader.ts';

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
  readonly #reader: TokenReader;
  #nesting = 0;
  #operators = 0;

  constructor(expression: string) {
    this.#reader = new TokenReader(expression);
  }

  parse(): Expr {
    if (this.#reader.peek().kind === 'end')
      throw this.#reader.error(this.#reader.peek(), 'empty expression, expected an expression');
    const expr = this.#expr(0, 'expression');
    const rest = this.#reader.peek();
    if (rest.kind === 'end') return expr;
    throw this.#reader.unexpected(rest, 'after the expression', 'an operator or the end');
  }

  #expr(minPower: number, where: string): Expr {
    if (++this.#nesting > MAX_NESTING)
      throw this.#reader.error(this.#reader.peek(), `nested more than ${MAX_NESTING} deep`);
    let left = this.#prefix(where);
    for (;;) {
      const token = this.#reader.peek();
      const op = binaryOp(token);
      if (op === undefined || BINDING_POWER[op] <= minPower) break;
      if (++this.#operators > MAX_OPERATORS) throw this.#reader.error(token, `more than ${MAX_OPERATORS} operators`);
      this.#reader.skip();
      left = this.#binary(op, token, left);
    }
    this.#nesting--;
    return left;
  }

  #binary(op: BinaryOp, token: Token, left: Expr): Binary {
    const bool = this.#reader.word('bool');
    if (bool && !isComparison(op)) throw this.#reader.error(token, `bool goes with comparisons only, not with "${op}"`);
    const matching = this.#matching(op, token);
    // One less than its own power makes the right side of ^ take the next ^ as well.
    const right = this.#expr(op === '^' ? BINDING_POWER[op] - 1 : BINDING_POWER[op], `right side of "${op}"`);
    return { kind: 'binary', op, bool, matching, left, right, at: left.at, end: right.end };
  }

  #matching(op: BinaryOp, token: Token): Matching | undefined {
    const on = this.#reader.word('on');
    if (!on && !this.#reader.word('ignoring')) {
      const stray = this.#reader.peek();
      if (isWord(stray, 'group_left') || isWord(stray, 'group_right')) {
        throw this.#reader.error(stray, `unexpected "${stray.text}", expected on(...) or ignoring(...) before it`);
      }
      return undefined;
    }
    const labels = this.#reader.labels(on ? 'on' : 'ignoring');
    const group = this.#reader.peek();
    const left = this.#reader.word('group_left');
    if (!left && !this.#reader.word('group_right')) {
      return { on, labels, cardinality: isSetOp(op) ? 'many-to-many' : 'one-to-one', include: [] };
    }
    if (isSetOp(op)) throw this.#reader.error(group, `${group.text} does not go with "${op}"`);
    const include = this.#reader.peek().text === '(' ? this.#reader.labels(group.text) : [];
    const twice = on ? include.find((label) => labels.includes(label)) : undefined;
    if (twice !== undefined)
      throw this.#reader.error(token, `label "${twice}" must not be in on(...) and ${group.text}(...) at once`);
    return { on, labels, cardinality: left ? 'many-to-one' : 'one-to-many', include };
  }

  #prefix(where: string): Expr {
    const token = this.#reader.peek();
    if (token.kind === 'symbol' && (token.text === '-' || token.text === '+')) {
      this.#reader.skip();
      const expr = this.#expr(UNARY_BINDING_POWER, `operand of "${token.text}"`);
      return { kind: 'unary', op: token.text, expr, at: token.at, end: expr.end };
    }
    return this.#postfix(this.#primary(where));
  }

  #primary(where: string): Operand {
    const token = this.#reader.peek();
    const span = { at: token.at, end: token.end };
    switch (token.kind) {
      case 'number':
        this.#reader.skip();
        return operand({ kind: 'number', value: token.value, ...span });
      case 'duration':
        this.#reader.skip();
        return operand({ kind: 'number', value: token.ms / 1000, ...span });
      case 'string':
        this.#reader.skip();
        return operand({ kind: 'string', value: token.value, ...span });
      case 'word':
        return this.#named(token);
      case 'symbol':
        if (token.text === '{') return operand(readSelector(this.#reader, undefined), true);
        if (token.text === '(') {
          this.#reader.skip();
          const expr = this.#expr(0, 'parentheses');
          this.#reader.close(')', 'parentheses', 'an operator or ")"');
          return operand(expr);
        }
        throw this.#reader.unexpected(token, `in ${where}`, 'an expression');
      case 'end':
        throw this.#reader.unexpected(token, `in ${where}`, 'an expression');
      default:
        return token satisfies never;
    }
  }

  /** A word where an expression begins: a number, an aggregation, a call, or the name of a metric. */
  #named(token: Token): Operand {
    const lower = token.text.toLowerCase();
    const value = lower === 'inf' ? Number.POSITIVE_INFINITY : lower === 'nan' ? Number.NaN : undefined;
    if (value !== undefined) {
      this.#reader.skip();
      return operand({ kind: 'number', value, at: token.at, end: token.end });
    }
    const next = this.#reader.second();
    const isCalled = next?.kind === 'symbol' && next.text === '(';
    const isGrouped = next !== undefined && (isWord(next, 'by') || isWord(next, 'without'));
    if (isCalled || isGrouped) {
      if (UNSUPPORTED_AGGREGATORS.includes(lower))
        throw this.#reader.error(
          token,
          `the aggregation ${lower} is not supported: it is an experiment of Prometheus 3`,
        );
      const op = AGGREGATORS.find((name) => name === lower);
      if (op !== undefined) return operand(this.#aggregation(op, token));
    }
    return isCalled ? operand(this.#call(token)) : operand(readSelector(this.#reader, token), true);
  }

  #aggregation(op: Aggregator, token: Token): Aggregation {
    this.#reader.skip();
    let grouping = this.#grouping();
    this.#reader.open('(', 'aggregation');
    const first = this.#expr(0, 'aggregation');
    const needsParam = PARAMETERS[op] !== undefined;
    if (needsParam) this.#reader.open(',', 'aggregation', `"," and the vector, as in ${op}(${PARAMETERS[op]}, x)`);
    const expr = needsParam ? this.#expr(0, 'aggregation') : first;
    let end = this.#reader.close(')', 'aggregation', 'an operator or ")"').end;
    if (grouping === undefined) {
      grouping = this.#grouping();
      if (grouping !== undefined) end = this.#reader.previous().end;
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
    const by = this.#reader.word('by');
    if (!by && !this.#reader.word('without')) return undefined;
    return { by, labels: this.#reader.labels(by ? 'by' : 'without') };
  }

  #call(token: Token): Call {
    this.#reader.skip(2);
    const where = `call of ${token.text}`;
    const args: Expr[] = [];
    if (this.#reader.peek().text !== ')') {
      do args.push(this.#expr(0, where));
      while (this.#reader.symbol(','));
    }
    const { end } = this.#reader.close(')', where, '"," or ")"');
    return { kind: 'call', name: token.text, args, at: token.at, end };
  }

  /** Ranges, subqueries, offset and @, which bind tighter than any operator. */
  #postfix(operand: Operand): Expr {
    let current = operand;
    for (;;) {
      const token = this.#reader.peek();
      if (token.kind === 'symbol' && token.text === '[') current = this.#range(current, token);
      else if (isWord(token, 'offset')) current = this.#offset(current, token);
      else if (token.kind === 'symbol' && token.text === '@') current = this.#atTime(current, token);
      else if (token.kind === 'word' && UNSUPPORTED_MODIFIERS.includes(token.text)) {
        throw this.#reader.error(
          token,
          `the modifier ${token.text} is not supported: it is an experiment of Prometheus 3`,
        );
      } else return current.expr;
    }
  }

  #range({ expr, bare, hasOffset, hasAt }: Operand, bracket: Token): Operand {
    this.#reader.skip();
    const rangeMs = this.#reader.durationMs('range', false);
    if (!this.#reader.symbol(':')) {
      const { end } = this.#reader.close(']', 'range', '":" or "]"');
      if (expr.kind !== 'selector' || !bare) {
        throw this.#reader.error(bracket, 'a range goes with a selector only; write expr[5m:1s] for a subquery');
      }
      if (hasOffset || hasAt)
        throw this.#reader.error(bracket, 'offset and @ come after the range, as in x[5m] offset 1m');
      return operand({ kind: 'range', selector: expr, rangeMs, at: expr.at, end }, true);
    }
    if (++this.#operators > MAX_OPERATORS) throw this.#reader.error(bracket, `more than ${MAX_OPERATORS} operators`);
    const stepMs = this.#reader.peek().text === ']' ? undefined : this.#reader.durationMs('subquery', false);
    const { end } = this.#reader.close(']', 'subquery', '"]"');
    const shift: Shift = { offsetMs: 0, atTime: undefined };
    return operand({ kind: 'subquery', expr, rangeMs, stepMs, ...shift, at: expr.at, end }, true);
  }

  #offset(target: Operand, token: Token): Operand {
    this.#reader.skip();
    const offsetMs = this.#reader.durationMs('offset', true);
    if (target.hasOffset) throw this.#reader.error(token, 'offset is set twice');
    return { ...this.#shifted(target, token, { offsetMs }), hasOffset: true, hasAt: target.hasAt };
  }

  #atTime(target: Operand, token: Token): Operand {
    this.#reader.skip();
    const time = this.#reader.peek();
    let atTime: Shift['atTime'];
    if (isWord(time, 'start') || isWord(time, 'end')) {
      this.#reader.skip();
      this.#reader.open('(', `@ ${time.text}`);
      this.#reader.close(')', `@ ${time.text}`, '")"');
      atTime = { kind: time.text.toLowerCase() === 'start' ? 'start' : 'end' };
    } else {
      atTime = { kind: 'time', tMs: this.#reader.signedMs('@', 'a time in seconds, start() or end()') };
    }
    if (target.hasAt) throw this.#reader.error(token, '@ is set twice');
    return { ...this.#shifted(target, token, { atTime }), hasOffset: target.hasOffset, hasAt: true };
  }

  #shifted({ expr, bare }: Operand, token: Token, change: Partial<Shift>): Operand {
    const { end } = this.#reader.previous();
    if (bare && (expr.kind === 'selector' || expr.kind === 'subquery')) {
      const shifted: VectorSelector | Subquery = { ...expr, ...change, end };
      return operand(shifted, true);
    }
    if (bare && expr.kind === 'range') {
      return operand({ ...expr, selector: { ...expr.selector, ...change }, end }, true);
    }
    throw this.#reader.error(token, `${token.text} goes with a selector, a range or a subquery only`);
  }
}

function operand(expr: Expr, bare = false): Operand {
  return { expr, bare, hasOffset: false, hasAt: false };
}

function binaryOp(token: Token): BinaryOp | undefined {
  const text = token.kind === 'word' ? token.text.toLowerCase() : token.kind === 'symbol' ? token.text : '';
  return Object.hasOwn(BINDING_POWER, text) ? (text as BinaryOp) : undefined;
}
