import { closest, distance } from 'fastest-levenshtein';
import { type Binary, type Call, type Expr, isComparison, isSetOp, type Shift, type Span } from './ast.ts';
import { PromqlError } from './error.ts';
import { FUNCTIONS, UNSUPPORTED_FUNCTIONS, type ValueType } from './functions.ts';
import { isLabelName } from './names.ts';
import { parse } from './parser.ts';
import type { Semantics } from './semantics.ts';

export interface CheckedExpression {
  expr: Expr;
  type: 'scalar' | 'vector';
}

/**
 * What an expression needs and gives. `rangeMs` is how far back in time it reaches: ranges, offsets and subqueries added
 * up along the deepest path; the lookback of plain selectors and selectors fixed by `@` are not counted. Throws
 * PromqlError when the expression is wrong.
 */
export function checkExpression(expression: string): {
  rangeMs: number;
  /** The shortest `[...]` after a selector; undefined when there is none. */
  shortestRangeMs: number | undefined;
  type: 'scalar' | 'vector';
} {
  const { expr, type } = parseChecked(expression);
  const ranges = rangesOf(expr);
  return {
    rangeMs: Math.max(0, reachMs(expr)),
    shortestRangeMs: ranges.length > 0 ? Math.min(...ranges) : undefined,
    type,
  };
}

/** The tree of an expression that can be evaluated to a scalar or an instant vector. Throws PromqlError. */
export function parseChecked(expression: string, semantics: Semantics = 'v3'): CheckedExpression {
  const { expr, type } = parseTyped(expression, semantics);
  if (type === 'scalar' || type === 'vector') return { expr, type };
  const hint = type === 'range' ? '; apply a function to it, such as rate(...)' : '';
  throw new PromqlError(
    expression,
    expr.at,
    `the expression is ${NAMES[type]}, expected an instant vector or a scalar${hint}`,
  );
}

/** The tree of an expression of any type: an instant query of Prometheus also takes a range or a string. */
export function parseTyped(expression: string, semantics: Semantics = 'v3'): { expr: Expr; type: ValueType } {
  const expr = parse(expression);
  return { expr, type: new Checker(expression, semantics).typeOf(expr) };
}

const NAMES: Record<ValueType, string> = {
  scalar: 'a scalar',
  vector: 'an instant vector',
  range: 'a range vector',
  string: 'a string',
};

class Checker {
  readonly #expression: string;
  readonly #semantics: Semantics;

  constructor(expression: string, semantics: Semantics) {
    this.#expression = expression;
    this.#semantics = semantics;
  }

  typeOf(expr: Expr): ValueType {
    switch (expr.kind) {
      case 'number':
        return 'scalar';
      case 'string':
        return 'string';
      case 'selector':
        return 'vector';
      case 'range':
        return 'range';
      case 'subquery':
        this.#expect(expr.expr, 'vector', 'a subquery');
        return 'range';
      case 'call':
        return this.#call(expr);
      case 'aggregation':
        if (expr.param !== undefined) {
          const wanted = expr.op === 'count_values' ? 'string' : 'scalar';
          this.#expect(expr.param, wanted, `the first argument of ${expr.op}`);
        }
        if (expr.param?.kind === 'string' && !isLabelName(expr.param.value, this.#semantics)) {
          throw this.#error(expr.param, `${JSON.stringify(expr.param.value)} is not a label name`);
        }
        this.#expect(expr.expr, 'vector', `the aggregation ${expr.op}`);
        return 'vector';
      case 'binary':
        return this.#binary(expr);
      case 'unary':
        return this.#operand(expr.expr, expr.op);
      default:
        return expr satisfies never;
    }
  }

  #call(call: Call): 'scalar' | 'vector' {
    const spec = FUNCTIONS.get(call.name);
    if (spec === undefined) throw this.#error(call, unknownFunction(call.name));
    const { args, optional, variadic } = spec;
    const least = args.length - optional;
    const count = call.args.length;
    if (count < least || (count > args.length && !variadic)) {
      const most = variadic ? ' or more' : optional > 0 ? ` to ${args.length}` : '';
      throw this.#error(
        call,
        `${call.name} takes ${least}${most} argument${least === 1 && most === '' ? '' : 's'}, got ${count}`,
      );
    }
    call.args.forEach((arg, index) => {
      const expected = args[Math.min(index, args.length - 1)];
      if (expected !== undefined) this.#expect(arg, expected, `argument ${index + 1} of ${call.name}`);
    });
    spec.check?.(call, this.#semantics, (where, problem) => this.#error(where, problem));
    return spec.returns;
  }

  #binary(node: Binary): 'scalar' | 'vector' {
    const { op, left, right, matching } = node;
    const types = [this.#operand(left, op), this.#operand(right, op)];
    const scalars = types.filter((type) => type === 'scalar').length;
    if (isSetOp(op) && scalars > 0) {
      throw this.#error(types[0] === 'scalar' ? left : right, `"${op}" works on two instant vectors, got a scalar`);
    }
    if (matching !== undefined && scalars > 0) {
      throw this.#error(
        node,
        `${matching.on ? 'on' : 'ignoring'}(...) goes with two instant vectors, one side is a scalar`,
      );
    }
    if (scalars === 2 && isComparison(op) && !node.bool) {
      throw this.#error(node, `comparing two scalars needs bool, as in 1 ${op} bool 2`);
    }
    return scalars === 2 ? 'scalar' : 'vector';
  }

  #operand(expr: Expr, op: string): 'scalar' | 'vector' {
    const type = this.typeOf(expr);
    if (type === 'scalar' || type === 'vector') return type;
    throw this.#error(expr, `"${op}" works on scalars and instant vectors, got ${NAMES[type]}`);
  }

  #expect(expr: Expr, expected: ValueType, where: string): void {
    const type = this.typeOf(expr);
    if (type === expected) return;
    const hint =
      expected === 'range' && type === 'vector'
        ? expr.kind === 'selector'
          ? '; write a range after it, such as [1m]'
          : '; write a subquery, such as (...)[1m:1s]'
        : expected === 'vector' && type === 'scalar'
          ? '; vector(...) makes one of a scalar'
          : '';
    throw this.#error(expr, `expected ${NAMES[expected]} as ${where}, got ${NAMES[type]}${hint}`);
  }

  #error(where: Span, problem: string): PromqlError {
    return new PromqlError(this.#expression, where.at, problem);
  }
}

function unknownFunction(name: string): string {
  const reason = UNSUPPORTED_FUNCTIONS.get(name);
  if (reason !== undefined) return `the function ${name} is not supported: ${reason}`;
  const nearest = closest(name, [...FUNCTIONS.keys()]);
  return `unknown function "${name}"${distance(name, nearest) <= 3 ? `, did you mean "${nearest}"?` : ''}`;
}

function rangesOf(expr: Expr): number[] {
  switch (expr.kind) {
    case 'range':
      return [expr.rangeMs];
    case 'call':
      return expr.args.flatMap(rangesOf);
    case 'aggregation':
      return [expr.expr, ...(expr.param === undefined ? [] : [expr.param])].flatMap(rangesOf);
    case 'binary':
      return [expr.left, expr.right].flatMap(rangesOf);
    case 'subquery':
    case 'unary':
      return rangesOf(expr.expr);
    case 'number':
    case 'string':
    case 'selector':
      return [];
    default:
      return expr satisfies never;
  }
}

export function reachMs(expr: Expr): number {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return 0;
    case 'selector':
      return shifted(expr, 0);
    case 'range':
      return shifted(expr.selector, expr.rangeMs);
    case 'subquery':
      return shifted(expr, expr.rangeMs + reachMs(expr.expr));
    case 'call':
      return Math.max(0, ...expr.args.map(reachMs));
    case 'aggregation':
      return Math.max(reachMs(expr.expr), expr.param === undefined ? 0 : reachMs(expr.param));
    case 'binary':
      return Math.max(reachMs(expr.left), reachMs(expr.right));
    case 'unary':
      return reachMs(expr.expr);
    default:
      return expr satisfies never;
  }
}

function shifted({ offsetMs, atTime }: Shift, reach: number): number {
  return atTime === undefined ? reach + offsetMs : 0;
}
